FROM node:24-bookworm AS packages
WORKDIR /app
# The image has Node's headers, which node-gyp would download. Benchmarks are no part of the image.
ENV npm_config_nodedir=/usr/local npm_config_workspaces=false
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY scripts scripts
COPY src src

# The test kit: docker build --target testkit. No stage of the service copies from its stages.
FROM packages AS testkit-build
COPY packages/testkit packages/testkit
RUN npm run build:testkit

FROM node:24-bookworm AS testkit-packages
WORKDIR /app
ENV npm_config_nodedir=/usr/local
COPY package.json package-lock.json .npmrc ./
COPY packages/testkit/package.json packages/testkit/
RUN npm ci --omit=dev --workspace=@latchkey/testkit

FROM node:24-bookworm-slim AS testkit
WORKDIR /app
COPY --from=testkit-packages /app/node_modules node_modules
COPY --from=testkit-build /app/packages/testkit/package.json packages/testkit/
COPY --from=testkit-build /app/packages/testkit/dist packages/testkit/dist
USER node
EXPOSE 4010
HEALTHCHECK --interval=2s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4010/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Further options follow the name of the image: docker run latchkey-testkit --setting RATE_LIMIT=on
ENTRYPOINT ["node", "packages/testkit/dist/main.js", "--host", "0.0.0.0"]

FROM packages AS build
# npm keeps the compiler, an optional peer of @nestjs/swagger. Nothing uses it at run time.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/typescript

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
RUN mkdir -m 700 /data && chown node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/dist/bundle/latchkey.js /usr/local/bin/latchkey
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=8", "dist/bundle/main.js"]
