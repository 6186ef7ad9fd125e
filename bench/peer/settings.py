import os
from datetime import timedelta
from urllib.parse import unquote, urlsplit

database = urlsplit(os.environ['DATABASE_URL'])

SECRET_KEY = os.environ['SECRET_KEY']
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
ROOT_URLCONF = 'urls'
USE_I18N = False
USE_TZ = True

INSTALLED_APPS = [
    'django.contrib.contenttypes',
    'django.contrib.auth',
    'rest_framework',
    'rest_framework_simplejwt.token_blacklist',
]

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.mysql',
        'HOST': database.hostname,
        'PORT': database.port or 3306,
        'USER': unquote(database.username),
        'PASSWORD': unquote(database.password or ''),
        'NAME': unquote(database.path[1:]),
        'CONN_MAX_AGE': None,
        'OPTIONS': {'charset': 'utf8mb4'},
    }
}

PASSWORD_HASHERS = ['hashers.Argon2id']

REST_FRAMEWORK = {
    'DEFAULT_AUTHENTICATION_CLASSES': ['rest_framework_simplejwt.authentication.JWTAuthentication'],
    'DEFAULT_PERMISSION_CLASSES': ['rest_framework.permissions.IsAuthenticated'],
    'DEFAULT_PARSER_CLASSES': ['rest_framework.parsers.JSONParser'],
    'DEFAULT_RENDERER_CLASSES': ['rest_framework.renderers.JSONRenderer'],
}

SIMPLE_JWT = {
    # Longer than a run takes.
    'ACCESS_TOKEN_LIFETIME': timedelta(hours=4),
    'REFRESH_TOKEN_LIFETIME': timedelta(days=7),
    'ROTATE_REFRESH_TOKENS': True,
    'BLACKLIST_AFTER_ROTATION': True,
}

# Refusals are warnings to Django, and no news here.
LOGGING = {
    'version': 1,
    'handlers': {'stderr': {'class': 'logging.StreamHandler'}},
    'loggers': {'django': {'handlers': ['stderr'], 'level': 'ERROR'}},
}
