/* What the agent does: it summarizes a text. Begin your own here. */
#include "sdk.h"

#include <stdio.h>

/* The schema of a summary: Claude keeps to it, and the host checks the result by it. */
#define SUMMARY                                                                                        \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"title\",\"summary\",\"key_points\"]," \
  "\"properties\":{\"title\":{\"type\":\"string\"},\"summary\":{\"type\":\"string\"},"                     \
  "\"key_points\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}"

/* What the host is told when the plugin is loaded. It makes its form and its checks from the schemas. */
const char description[] =
    "{\"name\":\"my-agent\",\"version\":\"0.1.0\",\"summary\":\"Summarizes a text.\",\"effort\":\"simple\",\"actions\":[{"
    "\"name\":\"summarize\",\"summary\":\"Gives a title, a summary and the key points of a text.\","
    "\"input_schema\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"text\"],\"properties\":{\"text\":{"
    "\"type\":\"string\",\"title\":\"Text\",\"format\":\"textarea\",\"minLength\":1,"
    "\"description\":\"What is to be summarized.\"}}},"
    "\"output_schema\":" SUMMARY "}]}";

static bool summarize(host *h, text payload, buffer *result, failure *why) {
  text question = json_string(json_get(payload, "text")), summary;
  printf("summarizing %zu bytes\n", question.len); /* it is in the job's log */
  progress(h, 0.1, "Reading");
  if (!complete_json(h,
                     "Summarize the text that you are given, in its own language: a title, a summary of at most three sentences, "
                     "and three to five key points. Say nothing that the text does not say.",
                     question, text_of(SUMMARY), &summary, why))
    return false;
  if (!json_get(summary, "title").at || !json_get(summary, "summary").at || !json_get(summary, "key_points").at)
    return fail(why, "bad-reply", "the answer lacks a part of the summary");
  put(result, summary);
  return true;
}

bool run(host *h, text action, text payload, buffer *result, failure *why) {
  if (text_is(action, "summarize")) return summarize(h, payload, result, why);
  return fail(why, "invalid-input", "there is no such action");
}
