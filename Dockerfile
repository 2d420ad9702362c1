# One image for bot and helper. What it holds is made by tools/image, which also makes it without Docker (make image).
#
#   docker build --build-arg COMMIT=$(git rev-parse --short=12 HEAD) \
#       --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) -t netmedic/netmedic:0.1.0 .
#
# The base only builds: nothing of it is in the image. `docker buildx imagetools inspect debian:bookworm-slim` shows the
# digest of today's; give it as --build-arg DEBIAN=debian:bookworm-slim@sha256:…, and the build takes no other.
ARG DEBIAN=debian:bookworm-slim

FROM ${DEBIAN} AS build
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev python3 python3-dev python3-venv
WORKDIR /src
COPY . .
RUN PYTHON=/usr/bin/python3 tools/setup demo
ARG COMMIT
ARG SOURCE_DATE_EPOCH
RUN test -n "$COMMIT" && .venv/bin/python -m tools.image /rootfs --commit "$COMMIT"

FROM scratch
COPY --from=build /rootfs /
ARG COMMIT
LABEL org.opencontainers.image.title=netmedic \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.revision=${COMMIT}
ENV PATH=/usr/local/bin:/usr/bin
USER 65532:65532
ENTRYPOINT ["netmedic"]
CMD ["serve"]
