/* Just enough JSON: values are looked up in the text itself, and written to a buffer that grows.
   Nothing is freed: the program ends with its job. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of text; as a value, the JSON of it. `at` is NULL where there is none. */
typedef struct { const char *at; size_t len; } text;

text text_of(const char *c);
bool text_is(text t, const char *c);

/* The value of a key of an object, an item of an array, the decoded string of a value (empty where it is no string). */
text json_get(text object, const char *key);
text json_item(text array, size_t index);
text json_string(text value);
/* Whether it is one value: brackets and strings that close, and nothing after. */
bool json_whole(text value);

typedef struct { char *at; size_t len, room; } buffer;

void put(buffer *b, text t);            /* as it is */
void puts_(buffer *b, const char *c);   /* as it is */
void put_string(buffer *b, text t);     /* quoted and escaped */
text taken(const buffer *b);

#endif
