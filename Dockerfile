# Keystore in a container. HelperScripts/build-and-run.sh or `docker compose up -d` build and run it. The stages to build:
#
#   keystore    the vault on `wrangler dev`; `docker build .` makes this one
#   standalone  the same vault on plain workerd: a sixth of the memory, up at once, no Node.js
#   tools       the programs for backup, restore and check, for beside the standalone one; never runs by itself
#
# A classic builder builds all that stands before the stage it is asked for: the one that is asked for most comes first.

# Builds the worker and the UI, and gathers what run time needs of it all.
FROM node:24-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No package's install script runs, and none is needed.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node box/commands/build.ts && node docker/pack.ts /image/app
# Debug symbols are a quarter of workerd.
RUN find /image/app/node_modules/@cloudflare -path '*/bin/workerd' -exec strip {} + \
 && strip -o /image/node /usr/local/bin/node
# By which build_stage (HelperScripts/lib-docker.sh) finds what earlier builds left.
LABEL keystore.stage=build

# What all that runs has in common: tini to reap processes, and /app. Nothing is installed here or fetched later.
FROM debian:bookworm-slim AS base
RUN groupadd --gid 1000 keystore \
 && useradd --uid 1000 --gid 1000 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin keystore \
 # A new volume takes on owner and mode of this folder; sticky as /tmp is, it serves whatever user the container runs as.
 && install -d --owner 1000 --group 1000 --mode 1777 /app/data
COPY --from=build /usr/bin/tini-static /usr/local/bin/tini
LABEL org.opencontainers.image.title="Keystore"
# Keys are no part of the environment: they are in a file that is mounted here.
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
CMD ["box/commands/start.ts"]

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
