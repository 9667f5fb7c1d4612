#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

text text_of(const char *c) { return (text){c, strlen(c)}; }
bool text_is(text t, const char *c) { return t.at && t.len == strlen(c) && memcmp(t.at, c, t.len) == 0; }
text taken(const buffer *b) { return (text){b->at ? b->at : "", b->len}; }

static const char *blank(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t' || *p == ',' || *p == ':')) p++;
  return p;
}

/* Behind the value that begins at p; NULL where it does not end. */
static const char *behind(const char *p, const char *end) {
  int depth = 0;
  bool quoted = false;
  if (p >= end) return NULL;
  if (*p != '{' && *p != '[' && *p != '"') {
    const char *start = p;
    while (p < end && !strchr(",]} \n\r\t", *p)) p++;
    return p > start ? p : NULL;
  }
  for (; p < end; p++) {
    if (quoted) {
      if (*p == '\\') p++;
      else if (*p == '"') quoted = false;
    } else if (*p == '"') quoted = true;
    else if (*p == '{' || *p == '[') depth++;
    else if (*p == '}' || *p == ']') depth--;
    if (!quoted && depth == 0) return p + 1;
  }
  return NULL;
}

bool json_whole(text v) {
  const char *end = v.at + v.len, *p = v.at ? behind(blank(v.at, end), end) : NULL;
  return p && blank(p, end) == end;
}

/* The next value from *p on, which is moved behind it. */
static text next(const char **p, const char *end) {
  const char *start = blank(*p, end), *stop = start < end && *start != '}' && *start != ']' ? behind(start, end) : NULL;
  *p = stop ? stop : end;
  return stop ? (text){start, (size_t)(stop - start)} : (text){NULL, 0};
}

text json_get(text o, const char *key) {
  if (!o.at || !o.len || *(o.at = blank(o.at, o.at + o.len)) != '{') return (text){NULL, 0};
  const char *p = o.at + 1, *end = o.at + o.len;
  for (;;) {
    text k = next(&p, end), v = next(&p, end);
    if (!v.at) return v;
    if (text_is(json_string(k), key)) return v;
  }
}

text json_item(text a, size_t index) {
  if (!a.at || !a.len || *a.at != '[') return (text){NULL, 0};
  const char *p = a.at + 1, *end = a.at + a.len;
  text v;
  do v = next(&p, end);
  while (v.at && index--);
  return v;
}

static unsigned hex(const char *p) {
  char digits[5] = {p[0], p[1], p[2], p[3], 0};
  return (unsigned)strtoul(digits, NULL, 16);
}

static char *utf8(char *w, unsigned c) {
  if (c < 0x80) *w++ = (char)c;
  else if (c < 0x800) *w++ = (char)(0xC0 | c >> 6), *w++ = (char)(0x80 | (c & 63));
  else if (c < 0x10000) *w++ = (char)(0xE0 | c >> 12), *w++ = (char)(0x80 | (c >> 6 & 63)), *w++ = (char)(0x80 | (c & 63));
  else *w++ = (char)(0xF0 | c >> 18), *w++ = (char)(0x80 | (c >> 12 & 63)), *w++ = (char)(0x80 | (c >> 6 & 63)), *w++ = (char)(0x80 | (c & 63));
  return w;
}

text json_string(text v) {
  if (!v.at || v.len < 2 || *v.at != '"') return (text){"", 0};
  char *out = malloc(v.len), *w = out;
  if (!out) abort();
  for (const char *p = v.at + 1, *end = v.at + v.len - 1; p < end; p++) {
    if (*p != '\\') { *w++ = *p; continue; }
    switch (*++p) {
      case 'n': *w++ = '\n'; break;
      case 't': *w++ = '\t'; break;
      case 'r': *w++ = '\r'; break;
      case 'b': *w++ = '\b'; break;
      case 'f': *w++ = '\f'; break;
      case 'u': {
        if (end - p < 5) return (text){out, (size_t)(w - out)};
        unsigned c = hex(p + 1);
        p += 4;
        if (c >= 0xD800 && c < 0xDC00 && end - p >= 7 && p[1] == '\\' && p[2] == 'u')
          c = 0x10000 + ((c - 0xD800) << 10) + ((hex(p + 3) - 0xDC00) & 1023), p += 6;
        w = utf8(w, c);
        break;
      }
      default: *w++ = *p;
    }
  }
  return (text){out, (size_t)(w - out)};
}

void put(buffer *b, text t) {
  if (b->len + t.len > b->room) {
    b->room = 2 * (b->len + t.len) + 64;
    if (!(b->at = realloc(b->at, b->room))) abort();
  }
  if (t.len) memcpy(b->at + b->len, t.at, t.len);
  b->len += t.len;
}

void puts_(buffer *b, const char *c) { put(b, text_of(c)); }

void put_string(buffer *b, text t) {
  puts_(b, "\"");
  for (size_t i = 0; i < t.len; i++) {
    unsigned char c = (unsigned char)t.at[i];
    char escaped[8];
    if (c == '"' || c == '\\') snprintf(escaped, sizeof escaped, "\\%c", c);
    else if (c < 0x20) snprintf(escaped, sizeof escaped, "\\u%04x", c);
    else escaped[0] = (char)c, escaped[1] = 0;
    puts_(b, escaped);
  }
  puts_(b, "\"");
}
