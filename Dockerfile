# Two stages: what builds stays in the first. Packages are those of requirements-run.lock, by their hashes; the base is
# pinned by digest (Python 3.11.16 on Debian bookworm, as docker-library/repo-info lists it). Nothing runs as root.
FROM python:3.11-slim-bookworm@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b AS build
WORKDIR /src
COPY requirements-run.lock ./
RUN python -I -m venv /opt/reconciler \
 && /opt/reconciler/bin/python -I -m pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: --requirement requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY reconciler ./reconciler
RUN /opt/reconciler/bin/python -I -m pip install --no-cache-dir --disable-pip-version-check \
      --no-deps --no-build-isolation --no-index . \
 && /opt/reconciler/bin/python -I -m pip uninstall --yes hatchling packaging pathspec pluggy tomlkit trove-classifiers \
 && sed -i '1s|$| -I|' /opt/reconciler/bin/reconciler

FROM python:3.11-slim-bookworm@sha256:0bee7276f83efd4a1ee05bbbf4281d95ed28e079220a9457f25a93e3f1e3c31b
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home reconciler
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /project
# an init passes signals on and reaps what is left behind; reconciler itself also ends on SIGTERM as PID 1
ENTRYPOINT ["tini", "--", "reconciler"]
CMD ["--help"]
