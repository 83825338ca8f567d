# The app, without training code. Build: docker build -t flowers . Run: see "Deploy" in README.md.
# The base is named by its tag, not by a digest: a rebuild then takes the security fixes of Debian and
# Python, and all that answers depend on is pinned with hashes in requirements.txt.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    HF_HOME=/home/app/.cache/huggingface

# The app runs as an ordinary user, who owns nothing but the cache of pulled weights.
RUN useradd --create-home --uid 1000 app \
    && mkdir -p "$HF_HOME" \
    && chown -R app:app /home/app

WORKDIR /srv/flowers
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py NOTICE README.md LICENSE ./
COPY flowers flowers
COPY weights weights

USER app
VOLUME /home/app/.cache/huggingface
EXPOSE 7860
# Makes a prediction; see flowers/page/requests/health.py.
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"GRADIO_SERVER_PORT\"]}/health', timeout=9)"]
CMD ["python", "app.py"]
