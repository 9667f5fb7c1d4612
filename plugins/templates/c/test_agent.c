/* The agent against a Claude that is played: `make test` needs neither a host nor Wasm. */
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define check(what) \
  do if (!(what)) { fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); exit(1); } while (0)

/* Gives the answers that it was given, and keeps what it was asked. */
static struct { host h; const char *answers[4]; int asked; text last; } played;

static text play(host *h, text line) {
  (void)h;
  if (!json_get(line, "claude.complete").at) return text_of("{\"ok\":null}");
  played.last = line;
  check(json_whole(line) && played.asked < 4);
  return text_of(played.answers[played.asked++]);
}

static host *claude(const char *a, const char *b, const char *c) {
  memset(&played, 0, sizeof played);
  played.h.call = play;
  played.answers[0] = a, played.answers[1] = b, played.answers[2] = c;
  return &played.h;
}

#define SAYS(text, stop) "{\"ok\":{\"content\":[{\"type\":\"text\",\"text\":" text "}],\"text\":" text ",\"stop_reason\":\"" stop "\"}}"
#define USES(name)                                                                                             \
  "{\"ok\":{\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"" name "\",\"input\":{\"n\":2}}],\"text\":\"\"," \
  "\"stop_reason\":\"tool_use\"}}"
#define SUMMARY "{\\\"title\\\":\\\"T\\\",\\\"summary\\\":\\\"S.\\\",\\\"key_points\\\":[\\\"\\u00e4\\\"]}"

static bool doubles(text input, buffer *result) {
  char number[16];
  snprintf(number, sizeof number, "%d", 2 * atoi(json_get(input, "n").at));
  puts_(result, number);
  return true;
}

static bool summarize(const char *answer, buffer *result, failure *why) {
  return run(claude(answer, NULL, NULL), text_of("summarize"), text_of("{\"text\":\"A \\\"long\\\"\\ntext.\"}"), result, why);
}

static bool has(text t, const char *part) {
  buffer b = {0};
  put(&b, t);
  put(&b, (text){"", 1});
  return strstr(b.at, part) != NULL;
}

int main(void) {
  buffer result = {0};
  failure why = {0};
  text answer;
  const tool tools[] = {{"double", "Doubles a number.", "{\"type\":\"object\"}", doubles}};

  /* A text becomes a summary. */
  check(summarize(SAYS("\"" SUMMARY "\"", "end_turn"), &result, &why));
  check(text_is(taken(&result), "{\"title\":\"T\",\"summary\":\"S.\",\"key_points\":[\"\xc3\xa4\"]}"));
  check(has(played.last, "json_schema") && has(played.last, "A \\\"long\\\"\\u000atext."));

  /* An answer that is no summary is a bad reply. */
  check(!summarize(SAYS("\"Sure! Here it is.\"", "end_turn"), &result, &why) && !strcmp(why.kind, "bad-reply"));
  check(!summarize(SAYS("\"{}\"", "end_turn"), &result, &why) && !strcmp(why.kind, "bad-reply"));
  check(!summarize(SAYS("\"{\"", "max_tokens"), &result, &why) && !strcmp(why.kind, "bad-reply"));
  check(!summarize(SAYS("\"{\"", "pause_turn"), &result, &why) && !strcmp(why.kind, "bad-reply"));

  /* A budget that is spent is told as such. */
  check(!summarize("{\"error\":{\"kind\":\"calls-exhausted\",\"message\":\"spent\"}}", &result, &why));
  check(!strcmp(why.kind, "over-budget") && text_is(why.message, "spent"));

  /* Tools are run until Claude answers. */
  host *h = claude(USES("double"), USES("unknown"), SAYS("\"4\"", "end_turn"));
  check(tool_loop(h, "Use the tool.", text_of("2?"), tools, 1, 5, &answer, &why) && text_is(answer, "4"));
  check(has(played.last, "\"content\":\"4\",\"is_error\":false") && has(played.last, "no such tool\",\"is_error\":true"));

  /* The tool loop ends at its bound. */
  h = claude(USES("double"), USES("double"), USES("double"));
  check(!tool_loop(h, "Use the tool.", text_of("2?"), tools, 1, 2, &answer, &why));
  check(!strcmp(why.kind, "final") && played.asked == 2);

  puts("all is well");
  return 0;
}
