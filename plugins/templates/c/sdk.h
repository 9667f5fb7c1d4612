/* The host's line protocol, and helpers around it. Nothing here is particular to one agent. */
#ifndef SDK_H
#define SDK_H

#include "json.h"

/* Why a job has no result. "invalid-input", "over-budget" and "final" are not tried again; "bad-reply" and "internal" are. */
typedef struct { const char *kind; text message; } failure;

bool fail(failure *why, const char *kind, const char *message); /* always false */

/* The host: writes a line, which is a call, and gives the line that answers. Tests put a Claude of their own here. */
typedef struct host { text (*call)(struct host *, text line); } host;

/* Does a job: `result` is JSON. False: there is none, and `why` says why. Written by the agent. */
bool run(host *h, text action, text payload, buffer *result, failure *why);
extern const char description[]; /* JSON; written by the agent */

/* Asks Claude: `request` is the object of `claude.complete`, `reply` the answer's. */
bool ask(host *h, text request, text *reply, failure *why);
/* Asks for a text. */
bool complete(host *h, const char *system, text question, text *answer, failure *why);
/* Asks for JSON of a schema. */
bool complete_json(host *h, const char *system, text question, text schema, text *answer, failure *why);

/* A tool: what Claude is told of it (`schema` is JSON), and the function that does it. False: the result is an error, which is
   told to Claude, who may try again. */
typedef struct {
  const char *name, *description, *schema;
  bool (*run)(text input, buffer *result);
} tool;

/* Asks Claude with tools, runs those that it uses, and asks again, until it answers without one. After `max_turns` questions
   without such an answer the job fails; so it does when its budget is spent. */
bool tool_loop(host *h, const char *system, text question, const tool *tools, size_t count, int max_turns, text *answer,
               failure *why);

void progress(host *h, double fraction, const char *line);

#endif
