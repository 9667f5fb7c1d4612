#include "sdk.h"

#include <stdio.h>
#include <string.h>

bool fail(failure *why, const char *kind, const char *message) {
  *why = (failure){kind, text_of(message)};
  return false;
}

/* Calls a function of the protocol. */
static bool call(host *h, const char *function, text arguments, text *ok, failure *why) {
  buffer line = {0};
  puts_(&line, "{\"");
  puts_(&line, function);
  puts_(&line, "\":");
  put(&line, arguments);
  puts_(&line, "}");
  text answer = h->call(h, taken(&line)), error = json_get(answer, "error");
  *ok = json_get(answer, "ok");
  if (ok->at) return true;
  if (!error.at) return fail(why, "internal", "the host said nothing");
  text kind = json_string(json_get(error, "kind"));
  const char *known = text_is(kind, "over-budget") || text_is(kind, "calls-exhausted") ? "over-budget"
                      : text_is(kind, "too-large") ? "invalid-input"
                      : text_is(kind, "invalid-request") || text_is(kind, "unbounded-content") ? "final"
                                                                                              : "internal";
  *why = (failure){known, json_string(json_get(error, "message"))};
  return false;
}

/* An answer that was cut or refused is none. The API gains reasons: each but those that are known for an end is a cut. */
static bool whole(text reply, failure *why) {
  text reason = json_string(json_get(reply, "stop_reason"));
  if (text_is(reason, "refusal")) return fail(why, "final", "Claude refused to answer");
  if (text_is(reason, "end_turn") || text_is(reason, "stop_sequence")) return true;
  return fail(why, "bad-reply", "the answer was cut; more tokens a call may help");
}

bool ask(host *h, text request, text *reply, failure *why) { return call(h, "claude.complete", request, reply, why); }

/* Begins a request: what stands before its messages. */
static void begin(buffer *b, const char *system) {
  puts_(b, "{\"system\":");
  put_string(b, text_of(system));
  puts_(b, ",\"max_output_tokens\":1000");
}

/* The first turn; the list of messages is left open. */
static void turn(buffer *b, text question) {
  puts_(b, ",\"messages\":[{\"role\":\"user\",\"content\":");
  put_string(b, question);
  puts_(b, "}");
}

static bool answered(host *h, buffer *request, text *answer, failure *why) {
  text reply;
  puts_(request, "]}");
  if (!ask(h, taken(request), &reply, why) || !whole(reply, why)) return false;
  *answer = json_string(json_get(reply, "text"));
  return true;
}

bool complete(host *h, const char *system, text question, text *answer, failure *why) {
  buffer request = {0};
  begin(&request, system);
  turn(&request, question);
  return answered(h, &request, answer, why);
}

bool complete_json(host *h, const char *system, text question, text schema, text *answer, failure *why) {
  buffer request = {0};
  begin(&request, system);
  puts_(&request, ",\"options\":{\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":");
  put(&request, schema);
  puts_(&request, "}}}");
  turn(&request, question);
  if (!answered(h, &request, answer, why)) return false;
  return json_whole(*answer) || fail(why, "bad-reply", "the answer is not the JSON asked for");
}

/* Writes the result of a tool that Claude uses. */
static void used(text use, const tool *tools, size_t count, buffer *results) {
  text name = json_string(json_get(use, "name"));
  buffer result = {0};
  bool known = false, good = false;
  for (size_t i = 0; i < count && !known; i++)
    if ((known = text_is(name, tools[i].name))) good = tools[i].run(json_get(use, "input"), &result);
  if (!known) puts_(&result, "there is no such tool");
  puts_(results, results->len ? "," : "");
  puts_(results, "{\"type\":\"tool_result\",\"tool_use_id\":");
  put(results, json_get(use, "id"));
  puts_(results, ",\"content\":");
  put_string(results, taken(&result));
  puts_(results, good ? ",\"is_error\":false}" : ",\"is_error\":true}");
}

bool tool_loop(host *h, const char *system, text question, const tool *tools, size_t count, int max_turns, text *answer,
               failure *why) {
  buffer request = {0};
  begin(&request, system);
  puts_(&request, ",\"tools\":[");
  for (size_t i = 0; i < count; i++) {
    puts_(&request, i ? ",{\"name\":" : "{\"name\":");
    put_string(&request, text_of(tools[i].name));
    puts_(&request, ",\"description\":");
    put_string(&request, text_of(tools[i].description));
    puts_(&request, ",\"input_schema\":");
    puts_(&request, tools[i].schema);
    puts_(&request, "}");
  }
  puts_(&request, "]");
  turn(&request, question);
  for (int asked = 0; asked < max_turns; asked++) {
    buffer now = {0}, results = {0};
    text reply;
    put(&now, taken(&request));
    puts_(&now, "]}");
    if (!ask(h, taken(&now), &reply, why)) return false;
    text content = json_get(reply, "content"), block;
    for (size_t i = 0; (block = json_item(content, i)).at; i++)
      if (text_is(json_string(json_get(block, "type")), "tool_use")) used(block, tools, count, &results);
    if (!results.len) {
      *answer = json_string(json_get(reply, "text"));
      return whole(reply, why);
    }
    puts_(&request, ",{\"role\":\"assistant\",\"content\":");
    put(&request, content);
    puts_(&request, "},{\"role\":\"user\",\"content\":[");
    put(&request, taken(&results));
    puts_(&request, "]}");
  }
  return fail(why, "final", "there was no answer within the bound of turns");
}

void progress(host *h, double fraction, const char *line) {
  char number[32];
  buffer b = {0};
  text ok;
  failure unheard;
  snprintf(number, sizeof number, "%.3f", fraction);
  puts_(&b, "{\"fraction\":");
  puts_(&b, number);
  puts_(&b, ",\"line\":");
  put_string(&b, text_of(line));
  puts_(&b, "}");
  call(h, "job.progress", taken(&b), &ok, &unheard);
}
