# One static executable on nothing, for linux/amd64 and linux/arm64 alike: cross-compiled, not emulated.
#   ./dev image, or: docker build -t hello:dev .
# where the target kubectl takes /bin/kubectl from
ARG KUBECTL_IMAGE=registry.k8s.io/kubectl:v1.34.4
FROM --platform=$BUILDPLATFORM debian:trixie-slim AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates ccache cmake git ninja-build python3-pip xz-utils \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY cmake/fetch cmake/dependencies.lock cmake/get-zig cmake/zig.lock cmake/musl-link cmake/order-functions cmake/
RUN cmake/fetch build/deps && cmake/get-zig build/zig
# the run-time libraries, once for an architecture
ARG TARGETARCH
RUN case $TARGETARCH in amd64) arch=x86_64 ;; arm64) arch=aarch64 ;; *) echo "no build for $TARGETARCH" >&2; exit 1 ;; esac \
 && printf 'int main() {}' > /tmp/none.cpp && build/zig/$arch-clang++ -Os -fPIE -flto -static -pie -s /tmp/none.cpp -o /tmp/none
COPY . .
ARG HELLO_COMMIT
ARG SOURCE_DATE_EPOCH=0
# an object is compiled once for a content of it: the cache is the builder's, and no part of the image
RUN --mount=type=cache,target=/ccache export SOURCE_DATE_EPOCH CCACHE_DIR=/ccache CCACHE_COMPILERCHECK=content CMAKE_CXX_COMPILER_LAUNCHER=ccache \
 && cmake --preset "musl-$TARGETARCH" -DHELLO_COMMIT="$HELLO_COMMIT" && cmake --build --preset "musl-$TARGETARCH" \
 && mkdir -p /out /root-of-image && mkdir -m 1777 /root-of-image/tmp && cp "build/musl-$TARGETARCH/hello" /root-of-image/hello \
 && cp /root-of-image/hello "/out/hello-linux-$TARGETARCH" && cp "build/musl-$TARGETARCH/hello.map" "/out/hello-linux-$TARGETARCH.map" \
 && cmake/sbom "/out/hello-linux-$TARGETARCH" > "/out/hello-linux-$TARGETARCH.cdx.json" \
 && find /out /root-of-image -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

# docker build --target executable --output dist . leaves the executable, its link map and its SBOM
FROM scratch AS executable
COPY --from=build /out/ /

# docker build --target kubectl -t hello:VERSION-kubectl . adds kubectl, for Jobs in a cluster (docs/in-cluster.md). It has the
# contents of the image that packaging/oci makes for ./dev release --kubectl
# hadolint ignore=DL3006
FROM $KUBECTL_IMAGE AS kubectl-program

FROM scratch AS kubectl
COPY --from=build /root-of-image/ /
COPY --from=kubectl-program /bin/kubectl /kubectl
ENV PATH=/
USER 65532:65532
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["/hello"]
CMD ["serve"]

FROM scratch
ARG HELLO_VERSION
ARG HELLO_COMMIT
ARG HELLO_CREATED
LABEL org.opencontainers.image.title="hello" \
      org.opencontainers.image.description="A small web service that shows a message, and the tool that deploys it to Kubernetes" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$HELLO_VERSION" \
      org.opencontainers.image.revision="$HELLO_COMMIT" \
      org.opencontainers.image.created="$HELLO_CREATED"
COPY --from=build /root-of-image/ /
USER 65532:65532
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/hello", "healthcheck"]
ENTRYPOINT ["/hello"]
CMD ["serve"]
