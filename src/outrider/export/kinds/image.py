"""``image``: the Dockerfile of Outrider's image, which is the one in the root of the repository.

What it puts into the image, beside the package, is in ``tools/image``.
"""

from __future__ import annotations

from typing import Final

from outrider.export.description import Description
from outrider.export.kind import Files, Kind

USER: Final = 10001
"""Who agent and router are in a container that names no user."""

_DOCKERFILE = """\
# Outrider as an image: the agent by default, the log router at the paths of Fluent Bit's images. In a checkout:
#
#   docker build -t outrider:latest .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/outrider:1.0 --push .
#
# Each platform builds its own, natively or emulated, the launcher too.
# Made by "outrider export image".

# Debian with Python 3.11 or newer. For builds that can be repeated name a digest: --build-arg BASE=NAME@sha256:DIGEST
ARG BASE=%(base)s
# The same Python, where it is built; only a base without a package manager needs another one here.
ARG BUILDER=${BASE}

FROM ${BUILDER} AS build
# pip reads these as its settings: an index of your own, or none at all where dist/wheels has every wheel.
ARG PIP_INDEX_URL
ARG PIP_NO_INDEX
WORKDIR /src
# Of all dependencies onigurumacffi alone is compiled where it is not for x86-64.
RUN [ "$(uname -m)" = x86_64 ] || { apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends gcc libc6-dev libonig-dev; }
COPY . .
# Versions are those of constraints.txt. pip stays here: nothing is installed into a running container.
RUN python3 -m venv /opt/outrider \\
 && /opt/outrider/bin/pip install --no-cache-dir --disable-pip-version-check --quiet \\
    --find-links dist/wheels -c constraints.txt '.[aws,kafka]' \\
 && tools/launcher/build /opt/outrider/bin/python /opt/launcher/fluent-launch \\
 && /opt/outrider/bin/pip uninstall --quiet --yes pip setuptools \\
 && install -d /opt/outrider/libexec \\
 && cp tools/image/start tools/image/health.py tools/image/sbom.py tools/image/docker-host.yaml /opt/outrider/libexec

FROM ${BASE}
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Outrider" \\
      org.opencontainers.image.description="Log router and agent that ride beside containers" \\
      org.opencontainers.image.licenses="Apache-2.0" \\
      org.opencontainers.image.version="${VERSION}" \\
      org.opencontainers.image.revision="${REVISION}" \\
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /opt/outrider /opt/outrider
COPY --from=build /opt/launcher /var/outrider/lib/fluent-bit
COPY --from=build /opt/launcher /var/alertlogic/lib/fluent-bit
# What that was linked with.
RUN [ "$(uname -m)" = x86_64 ] || { apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends libonig5 && rm -rf /var/lib/apt/lists/*; }
ENV PATH=/opt/outrider/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    PYTHONDONTWRITEBYTECODE=1
# Who writes where: the agent its state, the router its socket in /run, the launcher, as any user, beside itself.
# ECS gives its routers a folder for the socket that is root's, and runs them as root, unless they have a "user".
RUN echo 'outrider:x:%(user)d:%(user)d::/var/lib/outrider:/usr/sbin/nologin' >> /etc/passwd \\
 && echo 'outrider:x:%(user)d:' >> /etc/group \\
 && mkdir -p /fluent-bit/bin /fluent-bit/etc /fluent-bit/configs /fluent-bit/alt /usr/share/outrider \\
 && ln -s /opt/outrider/bin/fluent-bit /fluent-bit/bin/fluent-bit \\
 && mv /opt/outrider/libexec/docker-host.yaml /fluent-bit/configs \\
 && install -d -o %(user)d -g %(user)d -m 755 /run \\
 && chmod 1777 /var/outrider/lib/fluent-bit /var/alertlogic/lib/fluent-bit \\
 && install -d -o %(user)d -g %(user)d -m 700 /var/lib/outrider \\
 && python3 /opt/outrider/libexec/sbom.py "${VERSION}" > /usr/share/outrider/sbom.cdx.json
# The launcher for routers of other images (volumesFrom). The state is no volume here: it holds the agent's key, which
# is not for those who mount the launcher. Give /var/lib/outrider a volume of its own where it is to survive.
VOLUME ["/var/outrider/lib/fluent-bit", "/var/alertlogic/lib/fluent-bit"]
USER %(user)d:%(user)d
# An agent that takes connections; of a router, that it runs. ECS has its own health checks and does not read this one.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \\
    CMD ["python3", "-I", "-S", "/opt/outrider/libexec/health.py"]
# Without a command, or with options alone, the agent; else what is named: CMD ["/fluent-bit/bin/fluent-bit", "-c", …]
ENTRYPOINT ["/opt/outrider/libexec/start"]
"""

_IGNORED = """\
# What the image is made of, and nothing else.
*
!LICENSE
!README.md
!constraints.txt
!dist/wheels
!examples/web-task.json
!pyproject.toml
!src
!tools/image
!tools/launcher
**/__pycache__
"""


def make(description: Description) -> Files:
    """Dockerfile and what the build is not to be sent."""
    return {"Dockerfile": _DOCKERFILE % {"base": description.base, "user": USER}, ".dockerignore": _IGNORED}


KIND = Kind(
    "image",
    "The Dockerfile of Outrider's image, for agent and router.",
    "Put the files into the root of a checkout and build: docker build -t outrider:latest .",
    frozenset({"base"}),
    make,
)
