# Two stages: a wheel is built where the build tools are, and only what runs comes along. Nothing runs as root.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY reconciler ./reconciler
RUN python -m venv /opt/reconciler \
 && /opt/reconciler/bin/python -m pip install --no-cache-dir --disable-pip-version-check ".[postgres]"

FROM python:3.11-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home reconciler
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
WORKDIR /project
ENTRYPOINT ["reconciler"]
CMD ["--help"]
