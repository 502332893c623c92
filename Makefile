# The crate itself needs nothing but cargo (see README.md). Here is what surrounds it: the notebooks,
# the book made of them, and the checks.

# The folder that holds Jupyter and the Rust kernel. Clones can share one: TOOLS="$HOME/em-tools" make book
TOOLS ?= .tools
PYTHON ?= python3
EVCXR := 0.22.0
CARGO_MUTANTS := 27.1.0

BOOK := notebooks/book
VENV := $(TOOLS)/venv
RUN := "$(VENV)/bin/python"
# Stamps: Jupyter is as its pinned versions and our kernel's settings say, the kernel has its version.
JUPYTER := $(VENV)/.made-of-$(shell cat $(BOOK)/*.txt $(BOOK)/kernel/* | cksum | cut -d' ' -f1)
KERNEL := $(TOOLS)/kernel/.evcxr-$(EVCXR)
MUTANTS := $(TOOLS)/mutants/.cargo-mutants-$(CARGO_MUTANTS)

PEERS := $(TOOLS)/bench/.made-of-$(shell cksum < crates/engine/benches/requirements.txt | cut -d' ' -f1)

# The documentation is that of the libraries; its own folder, so that no other crate's pages are in it.
LIBRARIES := executable-em executable-em-engine executable-em-figures
DOC := build/doc-target/doc

# How many fresh seeds `make soak` tries.
SEEDS := 100

CHAPTER := kmeans gaussian gaussian_mixture soft_kmeans latent bound em \
	bernoulli_mixture pathologies selection scale incomplete convergence variational errata

.PHONY: help book browse lab tools check sql faults soak fuzz notebooks figures rustdoc doc mutants bench bench-file \
	live browse-live clean distclean cargo python

# Installing Jupyter waits for the network, and building for the compiler: side by side.
MAKEFLAGS += --jobs=2
# Of make's jobs the compilers know nothing; told of them, they warn.
unexport MAKEFLAGS MFLAGS

## make book       the notebooks as a web book, from nothing: installs what is missing, executes the notebooks (each as
##                 one Rust program), builds the pages around the figures as they are in figures/; the first time
##                 takes three to five minutes
book: notebooks doc
	rm -rf build/book build/pages
	ln -sfn ../figures build/figures
	$(RUN) $(BOOK)/pages.py build/pages "$(DOC)" build/live
	$(RUN) -m sphinx -q -W --keep-going -c $(BOOK) -d build/doctrees build/pages build/book
	cp -r "$(DOC)" build/book/doc
	@if [ -e build/live/module.js ]; then cp -r build/live build/book/live; \
		else echo "The book has no live pages; make live builds them"; fi
	@! grep -rnoE '<(script|link|img|iframe|source)[^>]* (src|href)="(https?:)?//[^"]*|url\(["'\'']?(https?:)?//[^)]*' \
		build/book --include='*.html' --include='*.css' \
		|| { echo "error: the book loads the outside addresses above" >&2; exit 1; }
	$(RUN) $(BOOK)/walk.py build/book
	@echo "The book is ready: open $(CURDIR)/build/book/index.html"

## make browse     reads the built book in Chromium, offline: console, formulas, search, links, and its width in two
##                 windows; keep pictures of all pages: make browse SCREENSHOTS=build/screenshots
browse: $(JUPYTER)
	$(RUN) $(BOOK)/browse.py build/book $(SCREENSHOTS:%=--screenshots %)

## make live       the live pages, in build/live, which `make book` puts into the chapters; says which standard library
##                 for the browser it has used, or that there is none here; ROUTE=rustup or ROUTE=debian asks for one
live: | cargo
	TOOLS="$(TOOLS)" ROUTE="$(ROUTE)" crates/live/build.sh build/live

## make browse-live  takes hold of the live pages in Chromium, and compares every number with this machine's
browse-live: live $(JUPYTER)
	@# With the program, whose libraries are built.
	cargo build --quiet --release -p executable-em-live -p executable-em-cli --example ask
	$(RUN) $(BOOK)/live.py build/live "$${CARGO_TARGET_DIR:-target}/release/examples/ask" $(SCREENSHOTS:%=--screenshots %)

## make lab        JupyterLab, ready to run the notebooks
lab: tools
	$(RUN) -m jupyter lab --LabApp.default_url=/lab/tree/notebooks

## make tools      installs Jupyter and builds the Rust kernel, as whatever needs them does by itself
tools: $(JUPYTER) $(KERNEL)

## make check      what must hold besides `cargo test`: format, lints, documentation, the notebook
##                 runner's own tests, and every notebook's outputs as a fresh run gives them
check: tools | cargo
	cargo fmt --check
	cargo clippy --workspace --exclude executable-em-sql --all-targets -- -D warnings
	cargo test -p executable-em-book
	cargo clippy -p executable-em-figures --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
	$(RUN) -m unittest discover -s $(BOOK)
	$(RUN) $(BOOK)/execute.py --check
	$(RUN) $(BOOK)/execute.py --check --kernel

## make sql        lints and tests of fits by queries, on DataFusion and Ballista, and of reading Parquet: some ten
##                 minutes the first time, for four hundred crates
sql: | cargo
	cargo clippy -p executable-em-sql --all-targets -- -D warnings
	cargo test --profile dev -p executable-em-sql
	cargo test --profile dev -p executable-em-cli --features parquet --test parquet_files

## make faults     kills executors of a cluster in the middle of fifty fits, on lines that are late and lose packets,
##                 and hides a file from one machine: network namespaces, so it needs root; a quarter of an hour
faults: | cargo
	cargo build --profile dev -p executable-em-sql
	$(PYTHON) crates/sql/faults.py --program "$${CARGO_TARGET_DIR:-target}/debug/executable-em-sql"

## make soak       every test of random cases on 100 fresh seeds, about a minute each; says how to repeat what fails;
##                 other numbers: make soak SEEDS=10 CASES=4000
soak: | cargo
	cargo test --no-run --quiet
	@mkdir -p build
	@# A test of random cases is in the block or has the closure of proptest!, or takes cases by number. A name
	@# selects every test that contains it.
	@tests=$$(find tests crates/engine/tests -name '*.rs' ! -path '*/common/*' ! -path '*/catalogue/*' -exec awk ' \
		/fn [a-z]/ { name = $$0; sub(/.*fn /, "", name); sub(/[<(].*/, "", name) } \
		/^proptest! / { block = 1 } \
		/^}/ { block = 0 } \
		block && /^    fn / || /proptest!\(|numbered\(|states\(|config\(.*\.cases/ { print name }' {} +); \
	programs=$$(cargo test --no-run 2>&1 | sed -n 's/.*Executable tests.*(\(.*\))/\1/p'); failed=; \
	for seed in $$(od -An -v -tu4 -N $$((4 * $(SEEDS))) /dev/urandom); do for program in $$programs; do \
		settings="PROPTEST_RNG_SEED=$$seed $(CASES:%=PROPTEST_CASES=%)"; \
		env $$settings "$$program" $$tests >build/soak.log 2>&1 && continue; failed=1; \
		of=$${program%-*}; echo "$$settings cargo test --test $${of##*/} --" \
			$$(sed -n 's/^test \(.*\) \.\.\. FAILED$$/\1/p' build/soak.log); \
	done; done; \
	[ -z "$$failed" ] || { echo "error: these tests do not hold for every seed" >&2; exit 1; }

## make fuzz       5 000 hostile tables and models, and 350 kills, on fresh seeds; says which seed to repeat what fails
##                 with; other numbers: make fuzz RUNS=1000 KILLS=50 FUZZ_SEED=7
fuzz: RUNS := 5000
fuzz: KILLS := 350
fuzz: FUZZ_SEED := $(shell od -An -v -tu4 -N 3 /dev/urandom | tr -d ' ')
fuzz: | cargo
	FUZZ_SEED=$(FUZZ_SEED) FUZZ_RUNS=$(RUNS) FUZZ_KILLS=$(KILLS) cargo test --release -p executable-em-cli --test fuzz

## make notebooks  executes the notebooks in place; a single one: make notebooks NOTEBOOK=notebooks/01_kmeans.ipynb
notebooks: $(JUPYTER) | cargo
	$(RUN) $(BOOK)/execute.py $(NOTEBOOK)

## make figures    draws every published figure into figures/
figures: | cargo
	cargo run --release

rustdoc: | cargo
	@rm -rf build/doc-target/doc
	RUSTDOCFLAGS="--html-in-header $(CURDIR)/$(BOOK)/rustdoc-math.html" \
		cargo doc --quiet --no-deps --no-default-features --target-dir build/doc-target $(LIBRARIES:%=-p %)

## make doc        the crate's documentation, with its formulas typeset
doc: $(JUPYTER) rustdoc
	cp -r "$(VENV)"/lib/python3*/site-packages/sphinx-mathjax-offline/static/mathjax "$(DOC)"
	@echo "The documentation is ready: open $(CURDIR)/$(DOC)/executable_em/index.html"

## make mutants    breaks the formulas of every chapter, one at a time, and asks its own tests to notice: some
##                 hours; a single chapter: make mutants CHAPTER=kmeans
mutants: $(MUTANTS)
	@mkdir -p build/mutants
	@# The Gaussian mixture is also what the tests of other chapters are about.
	@blind=; for chapter in $(CHAPTER); do echo "$$chapter"; \
		CARGO_TARGET_DIR="$(CURDIR)/build/mutants/target" \
			"$(TOOLS)/mutants/bin/cargo-mutants" mutants -f "src/$$chapter.rs" -f "src/$$chapter/**" \
			-o "build/mutants/$$chapter" -C=--lib -C="--test=$$chapter" \
			$$(test $$chapter != gaussian_mixture || \
				echo -C=--test=latent -C=--test=bound -C=--test=em -C=--test=errata) || blind="$$blind $$chapter"; done; \
	[ -z "$$blind" ] || { echo "error: not every mutant was caught in$$blind: see build/mutants" >&2; exit 1; }

## make bench      times the engine beside its peers (scikit-learn, oneDAL, linfa), which it installs; some 30 minutes
##                 on a machine that does nothing else; writes results.json and README.md in crates/engine/benches.
##                 A short look, which writes neither: make bench QUICK=1, or make bench SIZES="100000,2,5 1000000,8,16"
bench: $(PEERS) | cargo
	"$(TOOLS)/bench/bin/python" -m unittest discover -q -s crates/engine/benches
	"$(TOOLS)/bench/bin/python" crates/engine/benches/compare.py $(if $(QUICK),--quick) $(SIZES)
	$(if $(QUICK)$(SIZES),,"$(TOOLS)/bench/bin/python" crates/engine/benches/rest.py)

## make bench-file from a CSV file to the best optimum, and from one of half a gigabyte to a model after twenty sweeps,
##                 beside scikit-learn and oneDAL; other sizes: make bench-file SIZE=1000000,8,16
bench-file: $(PEERS) | cargo
	"$(TOOLS)/bench/bin/python" crates/engine/benches/optimum.py
	"$(TOOLS)/bench/bin/python" crates/engine/benches/whole.py $(SIZE)

## make clean      removes what was built; make distclean also removes .tools
clean:
	rm -rf build
	cargo clean

distclean: clean
	rm -rf .tools

$(MUTANTS): | cargo
	CARGO_TARGET_DIR="$(TOOLS)/mutants-build" \
		cargo install --locked cargo-mutants --version $(CARGO_MUTANTS) --root "$(TOOLS)/mutants"
	@rm -rf "$(TOOLS)/mutants-build" && touch $@

help:
	@sed -n 's/^## //p' Makefile

cargo:
	@command -v cargo >/dev/null || { echo "error: cargo is missing: install Rust from https://rustup.rs" >&2; exit 1; }

python:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: $$($(PYTHON) --version) is too old: install Python 3.11 or newer, or name one:" \
			"make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "error: Python's venv module is missing: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }

$(JUPYTER): | python
	$(PYTHON) -m venv "$(VENV)"
	$(RUN) -m pip install --quiet --no-compile --disable-pip-version-check -r $(BOOK)/requirements.txt \
		-c $(BOOK)/constraints.txt
	$(RUN) -m jupyter kernelspec install --sys-prefix --name rust $(BOOK)/kernel
	@rm -f "$(VENV)"/.made-of-* && touch $@

$(PEERS): | python
	$(PYTHON) -m venv "$(TOOLS)/bench"
	"$(TOOLS)/bench/bin/python" -m pip install --quiet --disable-pip-version-check \
		-r crates/engine/benches/requirements.txt
	@rm -f "$(TOOLS)"/bench/.made-of-* && touch $@

# Full optimisation would nearly double this build. As it is, a warm notebook starts in about 10 s.
$(KERNEL): | cargo
	CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_TARGET_DIR="$(TOOLS)/kernel-build" \
		cargo install --locked evcxr_jupyter --version $(EVCXR) --root "$(TOOLS)/kernel"
	@rm -rf "$(TOOLS)/kernel-build" && touch $@
