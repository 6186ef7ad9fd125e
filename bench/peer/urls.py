from django.urls import path
from rest_framework_simplejwt.views import (
    TokenBlacklistView,
    TokenObtainPairView,
    TokenRefreshView,
    TokenVerifyView,
)

from views import GetUserView, RegisterView

urlpatterns = [
    path('auth/register', RegisterView.as_view()),
    path('auth/token', TokenObtainPairView.as_view()),
    path('auth/token/refresh', TokenRefreshView.as_view()),
    path('auth/token/verify', TokenVerifyView.as_view()),
    path('auth/token/blacklist', TokenBlacklistView.as_view()),
    path('auth/getuser', GetUserView.as_view()),
]
