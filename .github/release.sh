#!/usr/bin/env bash
# One task of a release (.github/workflows/release.yml), in the root of a checkout of its tag.
#   build     notes, sdist, wheel and bill of materials into release/
#   publish   what was built to PyPI, as the identity of the workflow: there is no token to steal
#   image     a container image, pushed by its digest
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools="${RUNNER_TEMP:?}/release-tools"
tool() {
    if [[ ! -d $tools ]]; then
        python3 -I -m venv "$tools"
        "$tools/bin/python" -I -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
            --requirement .github/release-requirements.txt
    fi
    "$tools/bin/$1" "${@:2}"
}

build() {
    mkdir -p release
    python3 -I tools/release.py "${GITHUB_REF_NAME:?}" >release/notes.md
    tool hatchling build --directory release/dist
    tool cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
        --output-format JSON --output-file release/pricebook.cdx.json .github/actions/pricebook/requirements.txt
}

publish() {
    tool uv publish --trusted-publishing always release/dist/*
}

image() {
    local name="ghcr.io/${GITHUB_REPOSITORY,,}" version="${GITHUB_REF_NAME#v}"
    docker login ghcr.io --username "$GITHUB_ACTOR" --password-stdin <<<"$GITHUB_TOKEN"
    docker build --pull --tag "$name:$version" .
    docker run --rm --read-only --network none "$name:$version" --version
    docker push --quiet "$name:$version"
    printf 'name=%s\ndigest=%s\n' "$name" \
        "$(docker inspect --format '{{index .RepoDigests 0}}' "$name:$version" | cut -d@ -f2)" >>"$GITHUB_OUTPUT"
}

case ${1-} in
build | publish | image) "$1" ;;
*) echo "build, publish or image" >&2; exit 1 ;;
esac
