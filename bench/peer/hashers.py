import os

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Django's hasher, which is argon2id already, at the cost that the other side of the comparison has."""

    memory_cost = int(os.environ.get('ARGON2_MEMORY_KIB', 19456))
    time_cost = int(os.environ.get('ARGON2_TIME_COST', 2))
    parallelism = int(os.environ.get('ARGON2_PARALLELISM', 1))
