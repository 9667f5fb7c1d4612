# `make help` lists the targets.
#
# Cargo decides what is out of date, so every target is phony.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: run help agents test languages liars fuzz lint bench soak clean

CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
AGENTS := code-generator feature-team

# The development build, whose dependencies are optimised: what is hot (wasmtime, Cranelift, SQLite) is as
# fast as in a release, it is ready in a fraction of a release's link-time optimisation, and `make test`
# then builds nothing twice. For a server: `cargo build --release -p anvil`.
run: agents ## Starts the host and prints its login link; ARGS="--listen 127.0.0.1:9000" and the like
	$(CARGO) build --package anvil
	exec "$(TARGET_DIR)/debug/anvil" serve $(ARGS)

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

agents: ## Puts the plugins into plugins/dist: those in Rust built, the others as they are in plugins/prebuilt
	@if command -v rustup >/dev/null; then rustup target list --installed | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2; fi
	$(CARGO) build --profile agent --target wasm32-wasip2 $(addprefix --package ,$(AGENTS))
	@mkdir -p plugins/dist
# A running host watches the folder: what appears there is whole, and nothing appears that has not changed.
	@for agent in $(AGENTS); do \
	  built="$(TARGET_DIR)/wasm32-wasip2/agent/$${agent//-/_}.wasm"; \
	  if ! cmp -s "$$built" "plugins/dist/$$agent.wasm"; then \
	    cp "$$built" "plugins/dist/.$$agent.wasm.part"; \
	    mv "plugins/dist/.$$agent.wasm.part" "plugins/dist/$$agent.wasm"; \
	  fi; \
	  echo "plugins/dist/$$agent.wasm"; \
	done
	@for built in plugins/prebuilt/*.wasm; do \
	  agent="$$(basename "$$built")"; \
	  if ! cmp -s "$$built" "plugins/dist/$$agent"; then \
	    cp "$$built" "plugins/dist/.$$agent.part"; \
	    mv "plugins/dist/.$$agent.part" "plugins/dist/$$agent"; \
	  fi; \
	  echo "plugins/dist/$$agent"; \
	done

test: agents ## All tests, and how many ran; ANVIL_TEST_NO_SKIPS=1: none may skip
	tests/run

# What it installs is pinned and kept in target/languages. Python 3.11 with venv, Rust, a C compiler and make are the machine's.
languages: ## From nothing to a finished job in every language, by the documents alone; writes the table of docs/languages.md
	$(CARGO) build --release --package anvil
	tests/languages/run --anvil "$(TARGET_DIR)/release/anvil" --kept "$(TARGET_DIR)/languages" --write docs/languages.md

liars: ## The law against liars: 200,000 questions in a release build; ANVIL_LIARS_SEED=… repeats a run
	ANVIL_LIARS_CALLS=$${ANVIL_LIARS_CALLS:-200000} $(CARGO) test --release --package anvil-gateway --test liars -- --nocapture

fuzz: ## Every reader of what comes from outside, a minute each, and 100,000 broken plugins; ANVIL_TEST_FUZZ_SECONDS=600: longer
	tests/fuzz/run

lint: ## Formatting and clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features anvil-store/bench,anvil-web/gallery -- -D warnings

# Peers run beside ours, and one that is missing fails it and says how it is installed: BullMQ (node, redis-server,
# `npm install --no-save bullmq ioredis`) and SqliteHuey (`pip install huey`).
bench: agents ## First figures, from the release build, on the disk that the build is on, beside BullMQ and SqliteHuey
	$(CARGO) bench --package anvil --bench agents --bench first_instruction --bench gateway_call --bench throughput
	@mkdir -p "$(TARGET_DIR)/bench"
	$(CARGO) run --release --package anvil-store --features bench --example bench_hold_settle -- "$(TARGET_DIR)/bench"
# A million finished jobs: takes some 7 GB of the disk for as long as it lasts, and ten minutes.
	$(CARGO) run --release --package anvil-store --features bench --example bench_history -- "$(TARGET_DIR)/bench"
	$(CARGO) run --release --package anvil-store --features bench --example bench_jobs -- "$(TARGET_DIR)/bench"
# A million texts a rule, and what compression does to the transcripts that were held out, in tokens of o200k_base.
	ANVIL_COMPRESS_INPUTS=1000000 $(CARGO) test --release --package anvil-compress --test properties --test references --test verbatim
	$(CARGO) run --release --manifest-path host/compress/measure/Cargo.toml --target-dir "$(TARGET_DIR)/measure"
# A day of 2,000 mixed jobs with nothing saved, with each saving alone and with all of them, and the host's marks beside
# what somebody would save who knew the day; a batch of 100,000 calls.
	ANVIL_TEST_DAY_JOBS=2000 $(CARGO) test --release --package anvil-gateway --test saving_day --test prompt_cache_day -- --nocapture
	ANVIL_TEST_BATCH_JOBS=100000 $(CARGO) test --release --package anvil --test e2e -- --nocapture large_batch

# Figures and bounds are of the release build alone. ANVIL_SOAK_JOBS=10000: a short one.
soak: ## 200,000 jobs in a release build, after which nothing of the host may have grown; fifteen minutes
	$(CARGO) build --profile agent --target wasm32-wasip2 --package asker --package player
	$(CARGO) bench --package anvil --bench soak

clean: ## Removes what was built, the plugins in plugins/dist too
	$(CARGO) clean
	rm -rf plugins/dist
