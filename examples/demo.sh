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
  printf '$ pricebook %s%s\n' "$*" "${note-}"
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

# show TEXT [N]: the first line of the last output that has this text, or the first N of them
show() {
  expect "$1"
  grep -hF -e "$1" "$scratch/out" "$scratch/err" | head -n "${2:-1}" | sed 's/^ */  /'
}

# verdict: what the last plan comes to, in a sentence
verdict() { sed -n 2p "$scratch/out" | sed 's/^/  /'; }

# applied ARGUMENTS...: apply, and insist that everything was read back
applied() {
  note='   (applied, and read back)'
  run 0 "$@"
  note=
  expect 'Read back and verified'
}

printf '# Prices as files, from an empty account to one that says what the files say. All of it on a scratch copy.\n'

say 'A small company: its products, what each costs (a rate card), and what customers sign (packages).'
run 0 -C starter-plan validate
show 'Valid'

say 'Applying puts that on sale. A file plays the billing account here; a customer signs the starter plan.'
applied -C starter-plan --as-of 2025-10-01 apply --yes
run 0 -C starter-plan --as-of 2025-10-01 provision --customer harbor --package starter-plan --starting-at 2025-11-01 --yes

say 'A price goes down in January: the new price with its date is all that is written. A plan says what it means.'
edit starter-plan/catalog/rate-card.yaml -e \
  '/product: input-tokens,.*model: large/s/starting_at: 2025-04-01, price: \$2.50/starting_at: 2026-01-01, price: $2.00/'
run 2 -C starter-plan --as-of 2025-12-01 plan --exit-code
show '$2.50'

say 'What bills should come to is written down as well. It is about last autumn, and still holds.'
run 0 -C starter-plan test
show 'passed'
applied -C starter-plan --as-of 2025-12-01 apply --yes

say 'A slip: $1.45 was meant, and 1.45 is typed, which is cents.' \
  'What is hardly ever meant is refused; this is called MAGNITUDE, tenfold or more.'
cp starter-plan/catalog/rate-card.yaml before
edit starter-plan/catalog/rate-card.yaml -e \
  '/product: output-tokens,.*model: small/s/starting_at: 2025-04-01, price: \$1.60/starting_at: 2026-02-01, price: 1.45/'
run 1 -C starter-plan --as-of 2025-12-15 apply --yes
show 'nothing was written'
expect '--allow MAGNITUDE'
cp before starter-plan/catalog/rate-card.yaml

say 'The credit for signing up becomes $15. What a customer signed never changes: new ones get version 2.'
edit starter-plan/catalog/packages/starter-plan.yaml -e 's/unit_price: \$10.00/unit_price: $15.00/'
run 2 -C starter-plan --as-of 2026-01-01 plan --exit-code -o starter-plan.json
show '$15.00'
verdict

say 'The plan went to a file as well: whoever approves it approves that, and nothing else is applied.'
applied -C starter-plan apply starter-plan.json --yes
run 0 -C starter-plan --as-of 2026-01-01 plan --exit-code
show 'Nothing to change'

say 'Published prices of language models: a long table, as it comes. Then its next edition, from May on.'
applied -C llm-prices --as-of 2025-01-01 apply --yes
edit llm-prices/catalog/rate-card.yaml -e 's/litellm-1.57.2/litellm-1.67.0/' -e 's/2025-01-01/2025-05-01/'
run 2 -C llm-prices --as-of 2025-05-01 plan --exit-code --rows claude-3-5-haiku-20241022
verdict
show '--allow' 2

say 'Some prices end and some move tenfold. Both are right this time, so both are allowed, by name.'
applied -C llm-prices --as-of 2025-05-01 apply --yes --allow ENTITLEMENT_LOST --allow MAGNITUDE

say 'Done: every apply was read back, and after it the plan was empty. Next: README.md, and pricebook init for a project of your own.'
