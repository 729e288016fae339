# AutoProvision in a container that talks to the host's libvirt. The run line, and why each of its mounts is there,
# are in README.md under "Docker".

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# First what names the packages: this layer is kept until one of them changes.
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/AutoProvision/AutoProvision.csproj src/AutoProvision/
RUN dotnet restore src/AutoProvision
COPY appsettings.json ./
COPY deploy/images deploy/images
COPY src src
RUN dotnet publish src/AutoProvision --no-restore --configuration Release --output /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# The tools the service calls. dnsmasq-utils holds dhcp_release; curl is for the health check.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        curl dnsmasq-utils iproute2 libvirt-clients openssh-client qemu-utils virtinst xorriso \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app ./
# virt-install keeps a cache in its home. The port is the service's own default, on loopback: to offer it
# to others, put something that speaks TLS in front, or set Urls.
ENV HOME=/tmp \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    Urls=http://127.0.0.1:5080
# The base image's unprivileged user; the run line names one that the host's libvirt knows.
USER $APP_UID
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD curl --fail --silent --output /dev/null "$Urls/healthz" || exit 1
ENTRYPOINT ["dotnet", "AutoProvision.dll"]
