# Stage 1: production dependencies only, exactly as the lock file has them.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# Stage 2: the source is what runs; there is no build step.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY openapi ./openapi
COPY src ./src
USER node
EXPOSE 8080 9090
# Node itself is process 1, so that it is Node that gets the signals; it handles SIGTERM, SIGINT and SIGHUP.
CMD ["node", "src/main.ts", "serve"]
