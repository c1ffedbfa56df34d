#!/usr/bin/env bash
# One task of the action. Everything comes in through variables and is quoted: no text of a pull request is ever code.
# What was found goes to files in RESULTS, to the step's summary and outputs; pricebook itself writes safe text only.
set -euo pipefail
[[ -n ${PGPASSWORD-} ]] || unset PGPASSWORD # empty is not the same as none

pricebook=("$RUNNER_TEMP/pricebook-venv/bin/pricebook")

# What is printed from here on is data: a name in a manifest could begin with "::". Only `tell` speaks to GitHub.
word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
stop_commands() { printf '::stop-commands::%s\n' "$word"; }
resume_commands() { printf '::%s::\n' "$word"; }
tell() { resume_commands; printf '::%s title=pricebook::%s\n' "$1" "$2"; stop_commands; }
fail() { tell error "$1"; exit 1; }
trap resume_commands EXIT
stop_commands

# An output is one line of letters, digits and dashes, so it can be nothing else.
output() {
    [[ $2 =~ ^[A-Za-z0-9-]*$ ]] || fail "the output $1 is not what it should be"
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

commit() {
    [[ $2 =~ ^[0-9a-f]{40}$ ]] || fail "$1 is no full commit id"
}

results() {
    mkdir -p "$RESULTS"
    RESULTS=$(cd "$RESULTS" && pwd)
}

summary() {
    if [[ -s $1 ]]; then cat "$1" >>"$GITHUB_STEP_SUMMARY"; fi
}

# Git runs no filter, hook or link of a commit that is looked at: its files are data.
look_at() {
    GIT_LFS_SKIP_SMUDGE=1 git -C "$DIRECTORY" -c core.symlinks=false -c core.hooksPath=/dev/null \
        checkout --quiet --force --detach "$1"
}

reports=()
report_into() {
    reports=(--report "markdown=$RESULTS/comment.md" --report "sarif=$RESULTS/findings.sarif"
        --report "html=$RESULTS/plan.html" --report "junit=$RESULTS/junit.xml")
}

# The merge commit of a pull request, and what it would be merged into: its first parent.
merge() {
    commit head "$HEAD"
    BASE=$(git -C "$DIRECTORY" rev-parse --quiet --verify --end-of-options "$HEAD^1") ||
        fail "the merge commit has no parent here: check out with fetch-depth 2"
}

# What the pull request changes, without any account: its manifests against a store in a file that holds the base's.
check() {
    merge
    results
    report_into
    pricebook+=(-C "$DIRECTORY" --env "${ENVIRONMENT:-local}")
    look_at "$BASE"
    if ! "${pricebook[@]}" apply --yes --allow all >"$RESULTS/base.txt" 2>&1; then
        tell notice "the base has no price list that applies; the plan starts from nothing"
    fi
    look_at "$HEAD"
    local status=0
    "${pricebook[@]}" plan --exit-code "${reports[@]}" || status=$?
    summary "$RESULTS/comment.md"
    [[ $status == 0 || $status == 2 ]] || exit "$status"
}

# What would happen in the account: of a pull request its own change, with what is pending besides. The head's files are data; pricebook.yaml, which says where a token goes, is the base's.
plan() {
    results
    report_into
    if [[ -n $HEAD ]]; then
        merge
        git -C "$DIRECTORY" cat-file -e "$BASE:./pricebook.yaml" || fail "merge pricebook.yaml first, by itself"
        if ! git -C "$DIRECTORY" diff --quiet "$BASE" "$HEAD" -- pricebook.yaml; then
            tell warning "pricebook.yaml changes: it says where the token goes, so this plan uses the one of the base"
        fi
        look_at "$BASE"
        look_at "$HEAD" # by way of the base: what only the head has is made anew, as a file
        git -C "$DIRECTORY" -c core.symlinks=false checkout --quiet --force "$BASE" -- pricebook.yaml
    fi
    local status=0 digest own=()
    [[ -z $HEAD ]] || own=(--base "$BASE")
    pricebook+=(-C "$DIRECTORY")
    [[ -z $ENVIRONMENT ]] || pricebook+=(--env "$ENVIRONMENT")
    digest=$("${pricebook[@]}" plan --output "$RESULTS/plan.json" --digest --exit-code \
        "${own[@]}" "${reports[@]}") || status=$?
    summary "$RESULTS/comment.md"
    [[ $status == 0 || $status == 2 ]] || exit "$status"
    printf '%s\n' "$digest" >"$RESULTS/digest"
    output digest "$digest"
    output changes "$([[ $status == 2 ]] && echo true || echo false)"
}

# The plan in RESULTS, if it is the one that was approved: by its digest, or by what the merged pull request showed.
apply() {
    results
    [[ -f $RESULTS/plan.json ]] || fail "there is no plan to apply"
    pricebook+=(-C "$DIRECTORY")
    [[ -z $ENVIRONMENT ]] || pricebook+=(--env "$ENVIRONMENT")
    [[ -n $DIGEST ]] || fail "there is no approved digest"
    local allowed=() hazards=() hazard
    read -ra hazards <<<"$ALLOW"
    for hazard in "${hazards[@]}"; do
        [[ $hazard =~ ^[A-Z_]+$|^all$ ]] || fail "a hazard has letters and underscores only"
        allowed+=(--allow "$hazard")
    done
    local status=0
    "${pricebook[@]}" apply "$RESULTS/plan.json" --expect "$DIGEST" --yes "${allowed[@]}" \
        --report "markdown=$RESULTS/receipt.md" || status=$?
    summary "$RESULTS/receipt.md"
    exit "$status"
}

# The digest that the merged pull request showed, which is what was approved, or the one that somebody gives. Neither counts
# unless somebody else approved the waivers: by hand all that are in force, each in the pull request that brought it.
approved() {
    results
    local which=(--base HEAD^1) words=(-C "$DIRECTORY") waivers="$RESULTS/waivers.json"
    [[ -z $ENVIRONMENT ]] || words+=(--env "$ENVIRONMENT")
    [[ -z $DIGEST || $DIGEST =~ ^[0-9a-f]{24}$ ]] || fail "the digest is 24 digits"
    if [[ -n $DIGEST ]]; then
        which=(--waivers)
    elif ! git -C "$DIRECTORY" rev-parse --quiet --verify --end-of-options "HEAD^1" >/dev/null; then
        fail "what was merged is not known here: check out with fetch-depth 2"
    fi
    # What the rules say of it, the plan has said already.
    "${pricebook[@]}" "${words[@]}" validate "${which[@]}" --report "json=$waivers" >/dev/null || true
    if [[ -n $DIGEST ]]; then
        "${pricebook[@]}" post reviewed --waivers "$waivers"
    else
        DIGEST=$("${pricebook[@]}" post approved --commit "$GITHUB_SHA" --context "pricebook/${ENVIRONMENT:-default}" \
            --waivers "$waivers")
    fi
    output digest "$DIGEST"
}

drift() {
    results
    pricebook+=(-C "$DIRECTORY")
    [[ -z $ENVIRONMENT ]] || pricebook+=(--env "$ENVIRONMENT")
    local status=0 known=()
    [[ -z $ACCEPT ]] || known=(--accept "$DIRECTORY/$ACCEPT")
    "${pricebook[@]}" drift "${known[@]}" --report "markdown=$RESULTS/drift.md" || status=$?
    summary "$RESULTS/drift.md"
    [[ $status == 0 || $status == 2 ]] || exit "$status"
    output changes "$([[ $status == 2 ]] && echo true || echo false)"
}

# Our list against another one, which is fetched where an address is given. No token is here, and none is sent.
compare() {
    results
    local name=${LIST_NAME:-list.json} status=0 words=("$COMPARISON")
    [[ $COMPARISON =~ ^[A-Za-z0-9][A-Za-z0-9_./\ -]*$ ]] || fail "a comparison has a name"
    if [[ -n $LIST_URL ]]; then
        [[ $LIST_URL == https://* ]] || fail "a list is fetched from https"
        [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] || fail "a list has a plain file name"
        curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' --max-time 300 \
            --max-filesize 1000000000 --output "$RESULTS/$name" -- "$LIST_URL" || fail "the list could not be fetched"
        words+=(--with "$RESULTS/$name")
    fi
    [[ -z $SINCE ]] || words+=(--since "$DIRECTORY/$SINCE")
    "${pricebook[@]}" -C "$DIRECTORY" compare "${words[@]}" --report "markdown=$RESULTS/compare.md" \
        --report "json=$RESULTS/compare.json" || status=$?
    summary "$RESULTS/compare.md"
    [[ $status == 0 || $status == 2 ]] || exit "$status"
    output changes "$([[ $status == 2 ]] && echo true || echo false)"
}

# Into the pull request: this has a token that may write there, so it reads nothing but what was found.
post() {
    results
    commit head "$HEAD"
    local context="pricebook/${ENVIRONMENT:-default}"
    if [[ -f $RESULTS/comment.md ]]; then
        "${pricebook[@]}" post comment "$RESULTS/comment.md" --name "$context"
    fi
    if [[ -f $RESULTS/digest ]]; then
        "${pricebook[@]}" post status "$(<"$RESULTS/digest")" --commit "$HEAD" --context "$context"
    fi
    if [[ -f $RESULTS/findings.sarif ]]; then
        "${pricebook[@]}" post findings "$RESULTS/findings.sarif" --commit "$GITHUB_SHA" --ref "$GITHUB_REF" ||
            tell notice "the findings did not reach code scanning (is it switched on?)"
    fi
}

issue() {
    keep drift.md "" "drift/${ENVIRONMENT:-default}"
}

compared() {
    keep compare.md "Prices differ from those of $COMPARISON" "compare/$COMPARISON"
}

# One open issue of a name, while something is to be told; without a title it has that of what was found.
keep() {
    results
    local words=(--name "$3")
    [[ -z $2 ]] || words+=(--title "$2")
    [[ $CHANGES == true ]] || words+=(--clean)
    "${pricebook[@]}" post issue "$RESULTS/$1" "${words[@]}"
}

case $TASK in
check | plan | approved | apply | drift | compare | post | issue | compared) "$TASK" ;;
*) fail "there is no task of that name" ;;
esac
