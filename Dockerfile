# The image of every Airflow service and of the compute parties: this checkout, and everything
# from requirements-dev.lock, whose hashes pip checks. It holds no key and no configuration.
FROM python:3.11.14-slim-bookworm AS built
COPY requirements-dev.lock /tmp/
RUN python -m venv /opt/redactory \
 && /opt/redactory/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements-dev.lock
WORKDIR /redactory
COPY . .
RUN /opt/redactory/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e .

FROM python:3.11.14-slim-bookworm
COPY --from=built /opt/redactory /opt/redactory
COPY --from=built /redactory /redactory
# The log volume takes its owner from the image; the rest of the file system is read only.
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /airflow redactory \
 && mkdir /airflow /logs && chown 50000:0 /airflow /logs
ENV PATH=/opt/redactory/bin:$PATH PYTHONPATH=/redactory AIRFLOW_HOME=/airflow \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /airflow
USER 50000:0
CMD ["airflow", "version"]
