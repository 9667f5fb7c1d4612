/* The plugin: JSON lines on standard input and output. What is printed otherwise is in the job's log,
   as long as a line does not begin with a brace (on standard error: as a warning). */
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>

static text line_in(void) {
  buffer line = {0};
  int c;
  while ((c = getchar()) != EOF && c != '\n') put(&line, (text){(char[]){(char)c}, 1});
  return taken(&line);
}

static void line_out(const char *key, text value) {
  printf("{\"%s\":", key);
  for (size_t i = 0; i < value.len; i++) putchar(value.at[i] == '\n' ? ' ' : value.at[i]); /* between values, where JSON may have it */
  puts("}");
  fflush(stdout);
}

static text sandbox(host *h, text line) {
  (void)h;
  fwrite(line.at, 1, line.len, stdout);
  putchar('\n');
  fflush(stdout);
  return line_in();
}

int main(void) {
  text asked = json_get(line_in(), "run");
  if (!asked.at) {
    line_out("description", text_of(description));
    return 0;
  }
  host h = {sandbox};
  buffer result = {0}, failed = {0};
  failure why = {"internal", text_of("it failed without saying why")};
  if (run(&h, json_string(json_get(asked, "action")), json_get(asked, "payload"), &result, &why)) {
    line_out("done", taken(&result));
    return 0;
  }
  puts_(&failed, "{\"kind\":");
  put_string(&failed, text_of(why.kind));
  puts_(&failed, ",\"message\":");
  put_string(&failed, why.message);
  puts_(&failed, "}");
  line_out("failed", taken(&failed));
  return 0;
}
