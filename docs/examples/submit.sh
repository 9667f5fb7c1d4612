#!/usr/bin/env bash
# Submits a job over REST, waits for its end, and prints its files: bash and curl alone.
#
#   ANVIL_URL=http://127.0.0.1:8787 ANVIL_TOKEN=$(cat anvil-data/token) docs/examples/submit.sh "Build a login form"
set -euo pipefail

api="${ANVIL_URL:-http://127.0.0.1:8787}/api/v1"
wants=${1:?say what is to be built}

# By standard input and a file of curl's own words, so that the token is in no list of processes.
ask() { curl --silent --show-error --fail-with-body --config - "$@" <<<"header = \"Authorization: Bearer $ANVIL_TOKEN\""; }

# The value of a field that is a plain text.
field() { grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# The text goes into JSON as a string: backslashes and quotes are escaped.
text=${wants//\\/\\\\}
text=${text//\"/\\\"}
job=$(ask --json "{\"agent\":\"code-generator\",\"action\":\"generate\",\"payload\":{\"requirements\":\"$text\"}}" "$api/jobs")
id=$(field id <<<"$job")
echo "submitted $id" >&2

# A job may wait for money or pace for as long as that takes; this asks for five minutes.
for _ in $(seq 300); do
  state=$(ask "$api/jobs/$id" | field state)
  case $state in
    succeeded) break ;;
    failed | cancelled) echo "the job has $state; see $ANVIL_URL/jobs/$id" >&2; exit 1 ;;
  esac
  sleep 1
done
[ "$state" = succeeded ] || { echo "the job is still $state; it goes on" >&2; exit 2; }

ask "$api/jobs/$id/artifacts" | grep -o '"name": *"[^"]*"' | cut -d '"' -f 4
