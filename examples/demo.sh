#!/bin/sh
# A guided tour: both examples, from nothing to a store that says what the manifests say, on a scratch copy.
# Every step states the exit status that it expects; the first one that is different ends the tour with an error.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cp -R "$here/starter-plan" "$here/llm-prices" "$scratch"
cd "$scratch"
find . -name 'pricebook.db*' -exec rm -f {} + # what somebody tried out in the examples themselves
COLUMNS=120 LC_ALL=C.UTF-8
export COLUMNS LC_ALL
unset NO_COLOR

say() {
  printf '\n'
  for line in "$@"; do printf '# %s\n' "$line"; done
}

# run STATUS ARGUMENTS...: run pricebook, keep what it says in `out` and `err`, and insist on the exit status
run() {
  expected=$1
  shift
  printf '$ pricebook %s\n' "$*"
  status=0
  pricebook "$@" >"$scratch/out" 2>"$scratch/err" || status=$?
  [ "$status" -eq "$expected" ] || fail "exit status $status, where $expected was expected"
}

# expect TEXT: the output of the last command has this text
expect() {
  grep -qF -e "$1" "$scratch/out" "$scratch/err" || fail "the output has no \"$1\""
}

fail() {
  printf '\n--- standard output\n' >&2
  cat "$scratch/out" >&2
  printf '\n--- standard error\n' >&2
  cat "$scratch/err" >&2
  printf '\ndemo: %s\n' "$1" >&2
  exit 1
}

# edit FILE EXPRESSION...: change a manifest with sed, and insist that something changed
edit() {
  file=$1
  shift
  sed "$@" "$file" >"$scratch/edited"
  if cmp -s "$file" "$scratch/edited"; then
    : >"$scratch/out" && : >"$scratch/err"
    fail "the edit of $file changed nothing"
  fi
  diff "$file" "$scratch/edited" | sed -n 's/^\([<>]\) */    \1 /p'
  cp "$scratch/edited" "$file"
}

heads() { grep -E '^(  [^ ]|Plan:)' "$scratch/out"; }
whole() { cat "$scratch/out"; }
last() { tail -n 1 "$scratch/out"; }

say 'PART 1: the plans of a small company (examples/starter-plan)' \
  'The manifests are checked first: no store and no network is needed for that.'
run 0 -C starter-plan validate
whole

say 'October 2025. The store is empty: everything in the manifests is new.'
run 2 -C starter-plan --as-of 2025-10-01 plan --exit-code
heads
expect '12 rates added'
run 0 -C starter-plan --as-of 2025-10-01 apply --yes
last
expect 'Read back and verified'

say 'A price change: input tokens of the large model, from January on. Whoever is on the card gets it.'
edit starter-plan/catalog/rate-card.yaml -e \
  '/product: input-tokens,.*model: large/s/starting_at: 2025-04-01, price: \$2.50/starting_at: 2026-01-01, price: $2.00/'
run 2 -C starter-plan --as-of 2025-12-01 plan --exit-code
whole
expect '$2.50 -> $2.00'
run 0 -C starter-plan --as-of 2025-12-01 apply --yes
last

say 'A slip: output tokens of the small model are meant to cost $1.45, and 1.45 is typed. Plain numbers are cents.' \
  'What is hardly ever meant is refused, and the answer names the flag that would allow it.'
cp starter-plan/catalog/rate-card.yaml before
edit starter-plan/catalog/rate-card.yaml -e \
  '/product: output-tokens,.*model: small/s/starting_at: 2025-04-01, price: \$1.60/starting_at: 2026-02-01, price: 1.45/'
run 1 -C starter-plan --as-of 2025-12-15 apply --yes
grep -E 'model=small' "$scratch/out"
cat "$scratch/err"
expect 'when it is meant, say: --allow MAGNITUDE'
cp before starter-plan/catalog/rate-card.yaml

say 'A package change: the sign-up credit becomes $15. Packages cannot be edited, so this is version 2;' \
  'contracts made on version 1 stay as they are, and new ones find version 2 by the same alias.'
edit starter-plan/catalog/packages/starter-plan.yaml \
  -e 's/as of Oct 2025/as of Jan 2026/' -e 's/unit_price: \$10.00/unit_price: $15.00/'
run 2 -C starter-plan --as-of 2026-01-01 plan --exit-code -o starter-plan.json
whole
expect 'alias starter-plan moves to @2'

say 'The plan was written to a file as well. That file, and nothing else, is what is applied.'
run 0 -C starter-plan apply starter-plan.json --yes
last

say 'And now there is nothing left to do.'
run 0 -C starter-plan --as-of 2026-01-01 plan --exit-code
whole

say 'PART 2: the published prices of language models, a table of 1,856 (examples/llm-prices)'
run 0 -C llm-prices --as-of 2025-01-01 apply --yes
last
expect '1,856 rates added. Read back and verified.'

say 'The next release of the table holds from May on. The edit names it, the plan says what it means. One model is' \
  'looked at more closely: --rows lists the prices with a word in their name.'
edit llm-prices/catalog/rate-card.yaml -e 's/litellm-1.57.2/litellm-1.67.0/' -e 's/2025-01-01/2025-05-01/'
run 2 -C llm-prices --as-of 2025-05-01 plan --exit-code --rows claude-3-5-haiku
whole
expect '43 prices change, 583 are new, 4 end'
expect '--allow ENTITLEMENT_LOST --allow MAGNITUDE'

say 'Four prices end and four fall to a tenth. Both are right, so both are allowed, by name.'
run 0 -C llm-prices --as-of 2025-05-01 apply --yes --allow ENTITLEMENT_LOST --allow MAGNITUDE
last
run 0 -C llm-prices --as-of 2025-05-01 plan --exit-code
whole

say 'Done. What happened, all of it on a scratch copy that is gone now:' \
  '  - a catalogue of 17 objects and 12 prices was applied to an empty store;' \
  '  - one price was changed for everybody on the card, from a date;' \
  '  - a slip of 100x was refused before anything was written;' \
  '  - a package got its second version, from a plan file;' \
  '  - 1,856 prices were applied from a table, and the next release changed 630 of them;' \
  '  - after every apply the plan was empty.' \
  'Next: README.md, and pricebook init for a project of your own.'
