#!/usr/bin/env bash
# Builds the live pages: build.sh FOLDER. The folder can be opened as it is, from a disk or a server.
#
# The library for the browser needs Rust's standard library for wasm32-unknown-unknown: that of rustup or, where rustup
# cannot have it, one built from the sources that Debian's suites carry for their own browsers. Nothing is installed;
# what Debian's packages hold is unpacked in $TOOLS. ROUTE=rustup or ROUTE=debian asks for one of the two.
set -euo pipefail

out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
tools=$(mkdir -p "${TOOLS:-.tools}" && cd "${TOOLS:-.tools}" && pwd)
target=wasm32-unknown-unknown
build=(cargo build --quiet --profile live -p executable-em-live --lib --target "$target")
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

has_target() {
    [[ -d $(rustc --print sysroot)/lib/rustlib/$target ]]
}

with_rustup() {
    if ! has_target; then
        command -v rustup >/dev/null && timeout 300 rustup target add "$target" >/dev/null 2>&1
        has_target || return 1
    fi
    echo "live: with rustup's standard library for the browser"
    "${build[@]}" || exit 1
}

# The package that a package needs and whose name begins so.
needed() {
    apt-cache depends "$1" 2>/dev/null | sed -n "s/.*Depends: \($2[0-9.]*\)\$/\1/p" | tail -1
}

# Debian's compiler for browsers, and the sources of its standard library: some 140 MB to fetch, once.
unpack_debian() {
    local root=$1 std llvm file
    [[ -e $root/.unpacked ]] && return
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
    std=$(needed libstd-rust-web-dev libstd-rust-web-)
    llvm=$(needed "${std:-nothing}" libllvm)
    [[ -n $std && -n $llvm ]] || return 1
    rm -rf "$root" && mkdir -p "$root/packages"
    (cd "$root/packages" &&
        apt-get download -qq rustc-web rust-web-src libstd-rust-web-dev "$std" "$llvm" >/dev/null 2>&1) || return 1
    for file in "$root"/packages/*.deb; do
        dpkg -x "$file" "$root" || return 1
    done
    rm -rf "$root/packages"
    find "$root"/usr/src/rustc-* -mindepth 1 -maxdepth 1 ! -name library -exec rm -rf {} +
    touch "$root/.unpacked"
}

# A released compiler builds no standard library unless told that it may. It has no linker of its own; ours serves.
with_debian() {
    local root=$tools/rust-for-browsers linker
    unpack_debian "$root" || return 1
    linker=$(find "$(rustc --print sysroot)/lib/rustlib" -path '*/bin/rust-lld' | head -1)
    [[ -n $linker ]] || return 1
    echo "live: with a standard library for the browser built from Debian's sources"
    LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu RUSTC=$root/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker "${build[@]}" -Zbuild-std=std,panic_abort || exit 1
}

case ${ROUTE:-any} in
    rustup) with_rustup ;;
    debian) with_debian ;;
    *) with_rustup || with_debian ;;
esac || {
    echo "live: skipped, since neither rustup nor Debian's packages have a standard library for the browser here"
    exit 0
}

cargo build --quiet -p executable-em-live-glue
rm -rf "${out:?}"/*
"$CARGO_TARGET_DIR/debug/glue" "$CARGO_TARGET_DIR/$target/live/executable_em_live.wasm" "$out"
# A page opened from a disk may load scripts and nothing else, so the module becomes one.
{
    cat "$out/em.js"
    printf 'const MODULE = "%s";\n' "$(gzip -9 -n -c "$out/em_bg.wasm" | base64 -w 0)"
} >"$out/module.js"
rm "$out/em.js" "$out/em_bg.wasm"
cp crates/live/pages/*.{css,js} crates/live/pages/data.html "$out"
# The other pages stand in one frame. The figure is what is seen before the module is there, and without JavaScript.
for page in crates/live/pages/*.html; do
    field() { sed -n "s/^$1: //p" "$page"; }
    name=$(basename "$page" .html) chapter=$(field chapter)
    [[ -n $chapter ]] || continue
    number=${chapter%%_*}
    sed -e "s|@name@|$name|; s|@title@|$(field title)|; s|@still@|$(field still)|" \
        -e "s|@chapter@|$chapter|; s|@number@|${number#0}|" \
        -e "/@intro@/{r "<(sed '1,/^-->/d; /^<!-- controls -->/,$d' "$page") -e 'd}' \
        -e "/@controls@/{r "<(sed '1,/^<!-- controls -->/d' "$page") -e 'd}' crates/live/frame.html >"$out/$name.html"
    cp "figures/$(field beside).svg" "$out/$name.svg"
done
echo "live: $(du -k "$out/module.js" | cut -f1) KB of module in $out"
