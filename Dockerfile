# Node, the libraries that it is linked with, the production dependencies and the source: the image holds nothing else, so
# there is no shell and no package manager in it. docs/adr/0023-kubernetes-and-container.md says why, and what is pinned.

# A tag names a newer image every few weeks. For a build that can be repeated, pin the digest of the one that you have
# tried, in your own pipeline: --build-arg BASE=node:24-bookworm-slim@sha256:… (docker buildx imagetools inspect
# node:24-bookworm-slim shows it), and renew it when Node or Debian mends something.
ARG BASE=node:24-bookworm-slim

# Exactly the packages of the lock file, each held against its hash, and no script of any of them is run.
FROM ${BASE} AS dependencies
# Empty: npm's own. Otherwise a mirror of it; what comes from there is held against the same hashes.
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# What cannot run: Node refuses TypeScript below node_modules, and reads source maps only when it is told to. Of Swagger
# UI two files are served.
RUN find node_modules -type f '(' -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \
      -o -path '*/swagger-ui-dist/*' -name '*.js' '!' -name swagger-ui-bundle.js ')' -delete

# The folder of the application, and in it what Node makes of the source, so that a start need not. Node keeps that apart by
# user; it belongs to root like all the rest.
FROM ${BASE} AS application
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY openapi/gateway.json ./openapi/
COPY src ./src
ENV NODE_COMPILE_CACHE=/app/node_modules/.cache/peergate
RUN mkdir -p "$NODE_COMPILE_CACHE" && chown 1000:1000 "$NODE_COMPILE_CACHE"
USER 1000:1000
# Reads every command once: a package that is missing ends the build and not the first start. V8 keeps a cache apart for each
# set of options: one for the gateway, one for the health check.
RUN ["node", "--heap-growing-percent=50", "--no-allocation-site-pretenuring", "src/main.ts", "--help"]
RUN ["node", "src/main.ts", "--help"]
USER root
RUN chown -R root:root node_modules/.cache

# Node with its libraries, and what scanners and lawyers look for: which packages those are, and their licences.
FROM ${BASE} AS system
RUN set -eu; \
    ldd /usr/local/bin/node | grep -o '/[^ ]*' > /libraries; \
    mkdir -p /system/var/lib/dpkg/status.d; \
    xargs cp --dereference --parents --target-directory=/system /usr/local/bin/node /etc/os-release < /libraries; \
    for package in $(xargs dpkg-query --search < /libraries | cut -d : -f 1 | sort -u); do \
      dpkg-query --status "$package" > "/system/var/lib/dpkg/status.d/$package"; \
      cp --parents "/usr/share/doc/$package/copyright" /system; \
    done; \
    if [ -e /usr/local/LICENSE ]; then cp --parents /usr/local/LICENSE /system; fi; \
    echo 'peergate:x:1000:1000::/app:/' > /system/etc/passwd; \
    echo 'peergate:x:1000:' > /system/etc/group

FROM scratch
COPY --from=system /system /
# Young objects get 16 MiB and not 64: a hundred less in all, for a few percent of processor time (docs/performance.md).
ENV PATH=/usr/local/bin NODE_ENV=production NODE_COMPILE_CACHE=/app/node_modules/.cache/peergate \
    NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY --from=application /app ./
# By number, so that Kubernetes can see that it is not root. Nothing here belongs to it, and it has nowhere to write.
USER 1000:1000
# A library that is missing ends the build, too.
RUN ["node", "src/main.ts", "--help"]
EXPOSE 8080 9090
# Where the sources are and which commit this is: known to whoever builds, and to nobody else.
ARG SOURCE=""
ARG REVISION=""
LABEL org.opencontainers.image.title="peergate" \
      org.opencontainers.image.description="API gateway that lets internal services create AWS VPC peerings to Aerospike Cloud under an organisation's policy, with an audit log" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}"
# That the process answers; whether it is ready is for the load balancer to ask.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["node", "src/main.ts", "health"]
# Node itself is process 1, so that it is Node that gets the signals; it handles SIGTERM, SIGINT, SIGHUP and SIGUSR2.
# The heap grows by half between two collections of old objects. Node does not allow this option in NODE_OPTIONS.
ENTRYPOINT ["node", "--heap-growing-percent=50", "--no-allocation-site-pretenuring", "src/main.ts"]
CMD ["serve"]
