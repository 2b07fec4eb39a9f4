# The front door. `make demo` and `make test` install what is missing, build, and run: nothing else is needed.
SECONDS ?= 60
JOBS := $(shell nproc)
RUN := build/release/weigh
DATA := tests/data
CPP = $(shell git ls-files '*.h' '*.cpp')
LINT_PACKAGES := clang clang-tidy clang-format
FUZZ_PACKAGES := clang unzip $(shell apt-cache search --names-only '^libclang-rt-[0-9]*-dev$$' 2>/dev/null | head -1 | cut -d' ' -f1)

.PHONY: configure program core build demo test python-test pre-commit-test wheel deb bench fuzz lint format asan packages clean truth look

build: configure
	@cmake --build --preset release -j $(JOBS)

configure: packages
	@cmake --preset release >build-configure.log || (cat build-configure.log; false)
	@rm -f build-configure.log

# The program, and what writes replicas of giants.
program: configure
	@cmake --build --preset release -j $(JOBS) -t weigh_program weigh_replica

# The program, and the library that the Python package is built around.
core: configure
	@cmake --build --preset release -j $(JOBS) -t weigh_program src/libweigh.a

packages:
	@tools/install-packages $$(grep -v '^#' tools/apt-packages.txt)

test: build
	@tools/run-tests

# The Python package alone: its tests and type checks.
python-test: core
	@tools/test-python

# The hook under the real pre-commit.
pre-commit-test: packages
	@tools/try-pre-commit || { [ $$? = 3 ] && echo 'skipped: pip cannot have pre-commit here'; }

# build/dist/*.whl, its libraries inside, tried in an empty venv.
wheel: packages
	@tools/build-wheel

# build/deb/packages/*.deb for the Debian that it runs on, looked at by lintian and tried.
deb: packages
	@tools/install-packages dpkg-dev lintian
	@tools/build-deb

# The same tests under AddressSanitizer and UndefinedBehaviorSanitizer.
asan: packages
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -j $(JOBS)

# Each screen as soon as what shows it is built.
demo: program
	@printf '\n\n%s\n\n' '--- a checkpoint of PyTorch Lightning ---'
	@$(RUN) $(DATA)/pytorch/checkpoints/lightning_32-true.ckpt
	@printf '\n\n%s\n\n' '--- a GPT whose head is tied to its embedding ---'
	@$(RUN) $(DATA)/pytorch/modules/gpt_tied_module.pt --depth 2
	@printf '\n\n%s\n\n' '--- a mixture of experts of a trillion parameters: 62 shards with real headers, their weights left out ---'
	@build/release/weigh_replica $(DATA)/seed_models/Kimi-K2-Thinking.json -o build/demo/Kimi-K2-Thinking
	@$(RUN) build/demo/Kimi-K2-Thinking
	@printf '\n\n%s\n\n' '--- a graph attention network, GATv2Conv(-1, 8) and Linear(8, 2), before its first forward ---'
	@$(RUN) $(DATA)/pytorch/gat_module_before.pt 2>&1
	@printf '\n\n%s\n\n' '--- and after it ---'
	@$(RUN) $(DATA)/pytorch/gat_module_after.pt
	@$(RUN) build/demo/Kimi-K2-Thinking --format html >build/demo/Kimi-K2-Thinking.html
	@$(RUN) $(DATA)/pytorch/gat_module_before.pt --format html >build/demo/gat.html 2>/dev/null
	@cmake --build --preset release -j $(JOBS) -t src/libweigh.a
	@printf '\n\n%s\n\n' '--- a graph attention network alive in Python, before and after its first forward: examples/python/gat.py ---'
	@tools/python-demo
	@cmake --build --preset release -j $(JOBS) -t lazy_gat gatv2
	@printf '\n\n%s\n\n' '--- a graph attention network alive in C++, from -1 channels to initialised: examples/lazy_gat.cpp ---'
	@build/release/examples/lazy_gat
	@printf '\n\n%s\n\n' '--- a graph attention network trained on Zachary'"'"'s karate club, as with PyTorch Lightning: examples/gatv2 ---'
	@build/release/examples/gatv2 --epochs 40 --output build/demo/gatv2
	@printf '\n\n%s\n\n' '--- the same as pages to look at, for a browser ---'
	@printf '%s\n' "$(CURDIR)/build/demo/Kimi-K2-Thinking.html" "$(CURDIR)/build/demo/gat.html"

# Reports in a real browser: what axe-core finds, mouse and keyboard, and pictures of them in build/look.
look: program
	@tools/install-packages chromium-headless-shell
	@tools/look

# Which share of what public bug reports tell is right, with a line for each case that is not.
truth: configure
	@cmake --build --preset release -j $(JOBS) -t weigh_truth
	@build/release/weigh_truth

bench: build
	@build/release/weigh_bench $(if $(AGAINST),--against $(AGAINST))

# libFuzzer on each target for SECONDS seconds of processor time.
fuzz: packages
	@tools/install-packages $(FUZZ_PACKAGES)
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS)
	@fuzz/run build/fuzz $(SECONDS)

lint: packages
	@tools/install-packages $(LINT_PACKAGES)
	@clang-format --dry-run --Werror $(CPP)
	@cmake --preset tidy >/dev/null
	@cmake --build --preset tidy -j $(JOBS)

format:
	@tools/install-packages $(LINT_PACKAGES)
	@clang-format -i $(CPP)

clean:
	@rm -rf build
