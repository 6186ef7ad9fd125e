FROM node:24-bookworm AS build
WORKDIR /app
# The image has Node's headers, which node-gyp would download. Benchmarks are no part of the image.
ENV npm_config_nodedir=/usr/local npm_config_workspaces=false
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY scripts scripts
COPY src src
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
