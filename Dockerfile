# Keystore in a container. HelperScripts/build-and-run.sh or `docker compose up -d` build and run it.

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
RUN node cli/build.ts && node docker/pack.ts /image/app
# Debug symbols are a quarter of workerd.
RUN find /image/app/node_modules/@cloudflare -path '*/bin/workerd' -exec strip {} + \
 && strip -o /image/node /usr/local/bin/node
# By which build_image (HelperScripts/lib.sh) finds what earlier builds left.
LABEL keystore.stage=build

# What runs: Node.js without npm, tini to reap processes, and /app. Nothing is installed here, and nothing is fetched later.
FROM debian:bookworm-slim AS keystore
RUN groupadd --gid 1000 keystore \
 && useradd --uid 1000 --gid 1000 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin keystore \
 # A new volume takes on owner and mode of this folder; sticky as /tmp is, it serves whatever user the container runs as.
 && install -d --owner 1000 --group 1000 --mode 1777 /app/data
COPY --from=build /usr/bin/tini-static /usr/local/bin/tini
COPY --from=build /image/node /usr/local/bin/node
COPY --from=build /image/app /app
LABEL org.opencontainers.image.title="Keystore"
# Keys are no part of the environment: they are in a file that is mounted here.
ENV HOST=0.0.0.0 \
    PORT=5000 \
    KEYSTORE_DATA=/app/data \
    KEYSTORE_ENV=/run/secrets/keystore_env \
    NODE_ENV=production
WORKDIR /app
USER 1000:1000
VOLUME /app/data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "cli/healthcheck.ts"]
ENTRYPOINT ["tini", "--", "node"]
CMD ["cli/start.ts"]
