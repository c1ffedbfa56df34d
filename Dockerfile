# pricebook and what it needs, to the byte, and nothing else: no pip, no compiler, no root.
#   docker run --rm -v "$PWD:/prices" ghcr.io/pricebook-dev/pricebook:0.1.0 validate
# To write to a folder of yours, add --user "$(id -u):$(id -g)".
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY .github/actions/pricebook/requirements.txt requirements.txt
RUN python -m venv /opt/pricebook \
    && /opt/pricebook/bin/pip install --no-cache-dir --quiet --require-hashes --only-binary :all: --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY docs/errors.md docs/errors.md
COPY examples examples
COPY src src
RUN /opt/pricebook/bin/pip install --no-cache-dir --quiet --no-deps --no-build-isolation . \
    && /opt/pricebook/bin/pip uninstall --quiet --yes hatchling packaging pathspec pluggy tomlkit trove-classifiers pip

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.source="https://github.com/pricebook-dev/pricebook" \
    org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/pricebook /opt/pricebook
ENV PATH="/opt/pricebook/bin:$PATH" HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /prices
ENTRYPOINT ["pricebook"]
CMD ["--help"]
