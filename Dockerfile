# Keystore in a container, built and run by HelperScripts/build-and-run.sh or `docker compose up -d`. The targets:
#
#   keystore    the vault on `wrangler dev`; the default
#   standalone  the same vault on plain workerd: a sixth of the memory, starts at once, no Node.js
#   tools       the programs for backup, restore and check that the standalone image does not have
#
# The classic builder builds every stage above the target, so the most common target comes first.

# Builds the worker and the UI, and collects what the images need.
FROM node:24-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package needs its install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN node box/commands/build.ts && node docker/pack.ts /image/app
# Debug symbols are a quarter of workerd.
RUN find /image/app/node_modules/@cloudflare -path '*/bin/workerd' -exec strip {} + \
 && strip -o /image/node /usr/local/bin/node
# build_stage in HelperScripts/lib-docker.sh removes old images with this label.
LABEL keystore.stage=build

# The base of every image: tini reaps processes. Nothing is downloaded here or later.
FROM debian:bookworm-slim AS base
RUN groupadd --gid 1000 keystore \
 && useradd --uid 1000 --gid 1000 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin keystore \
 # A new volume gets the owner and mode of this folder. Like /tmp, it works for any user of the container.
 && install -d --owner 1000 --group 1000 --mode 1777 /app/data
COPY --from=build /usr/bin/tini-static /usr/local/bin/tini
LABEL org.opencontainers.image.title="Keystore"
# The keys are in a mounted file, not in the environment.
ENV HOST=0.0.0.0 \
    PORT=5000 \
    KEYSTORE_DATA=/app/data \
    KEYSTORE_ENV=/run/secrets/keystore_env
WORKDIR /app
USER 1000:1000
VOLUME /app/data
EXPOSE 5000
STOPSIGNAL SIGTERM

# Node.js without npm.
FROM base AS keystore
COPY --from=build /image/node /usr/local/bin/node
COPY --from=build /image/app /app
LABEL keystore.runtime=wrangler
ENV NODE_ENV=production
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "box/commands/healthcheck.ts"]
ENTRYPOINT ["tini", "--", "node"]
CMD ["--max-semi-space-size=2", "box/commands/start.ts"]

FROM build AS build-standalone
RUN node box/commands/build-standalone.ts \
 && dist/keystore unpack /image/standalone \
 && chmod -R a+rX /image/standalone \
 && node docker/pack.ts /image/tools tools

FROM base AS standalone
COPY --from=build-standalone /image/standalone /app
LABEL keystore.runtime=standalone
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/app/keystore", "health"]
ENTRYPOINT ["tini", "--", "/app/keystore"]

FROM base AS tools
COPY --from=build /image/node /usr/local/bin/node
COPY --from=build-standalone /image/tools /app
LABEL keystore.stage=tools
ENTRYPOINT ["tini", "--", "node"]

FROM keystore
