import os

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Hashes with argon2id, as Django does, at the cost that Latchkey has."""

    memory_cost = int(os.environ.get('ARGON2_MEMORY_KIB', 19456))
    time_cost = int(os.environ.get('ARGON2_TIME_COST', 2))
    parallelism = int(os.environ.get('ARGON2_PARALLELISM', 1))
