# The program for files and streams, without windows. Checked by a linter only: no build of it has been run yet.
#   docker build -t deeplab-cv .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" deeplab-cv --video in.mp4 --out out.mp4
FROM python:3.13-slim AS build
WORKDIR /source
RUN python -m venv /opt/deeplab-cv
ENV PATH=/opt/deeplab-cv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock requirements-headless.lock ./
RUN pip install --no-deps --require-hashes --requirement requirements.lock \
    && pip uninstall --yes opencv-python \
    && pip install --no-deps --require-hashes --requirement requirements-headless.lock
COPY . .
RUN pip wheel --no-deps --wheel-dir /wheels . \
    && pip install --no-deps /wheels/*.whl

FROM python:3.13-slim
COPY --from=build /opt/deeplab-cv /opt/deeplab-cv
# Which engine is the fastest is remembered in the cache, which any user may write.
ENV PATH=/opt/deeplab-cv/bin:$PATH XDG_CACHE_HOME=/cache
RUN useradd --create-home --uid 1000 deeplab && mkdir --mode=1777 /cache /work
USER 1000
WORKDIR /work
ENTRYPOINT ["deeplab-cv"]
CMD ["--help"]
