# The two images, `--target operator` and `--target workload`, from one build. BASE must have Node 24; a mirror's name goes before it.
ARG BASE=node:24.21.0-bookworm-slim

FROM ${BASE} AS build
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
# A build that can reach no registry mounts a checkout's node_modules at /node_modules, where Node looks last (local/images does).
RUN test -d /node_modules || npm ci --ignore-scripts
COPY api api
COPY cluster cluster
COPY webhooks webhooks
COPY reconciler reconciler
COPY server server
COPY workload workload
COPY local/build.ts local/build.ts
RUN node local/build.ts

FROM ${BASE} AS operator
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="topicten operator" \
      org.opencontainers.image.description="Runs TopicTens on Kubernetes and counts their replicas down" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
# The licences of what is bundled, where it demands to be named.
COPY --from=build /source/package.json /source/dist/operator.js /source/dist/operator.js.LEGAL.* ./
COPY LICENSE ./
USER 65532:65532
EXPOSE 8080 9443
# A small young generation and one arena for what is not V8's: together 25 MiB less.
ENV MALLOC_ARENA_MAX=1
# Node itself is process 1: it is the one that hears SIGTERM.
ENTRYPOINT ["node", "--max-semi-space-size=4", "/app/operator.js"]

FROM ${BASE} AS workload
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="topicten workload" \
      org.opencontainers.image.description="Writes encrypted messages from the pods of a TopicTen" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /app
COPY --from=build /source/package.json /source/dist/workload.js /source/dist/workload.js.LEGAL.* ./
COPY LICENSE ./
USER 65532:65532
EXPOSE 8080
# A small young generation: it makes little, and keeps below 100 MiB so.
ENTRYPOINT ["node", "--max-semi-space-size=1", "/app/workload.js"]
