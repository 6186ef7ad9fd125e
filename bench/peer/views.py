from django.contrib.auth.models import User
from django.db import IntegrityError
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.serializers import PasswordField
from rest_framework_simplejwt.tokens import RefreshToken


class Registration(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    # The field of Simple JWT's login, which trims passwords: what is registered is what logs in.
    password = PasswordField()


class RegisterView(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request):
        registration = Registration(data=request.data)
        registration.is_valid(raise_exception=True)
        try:
            user = User.objects.create_user(**registration.validated_data)
        except IntegrityError:
            return Response({'detail': 'This username is taken.'}, status=409)
        refresh = RefreshToken.for_user(user)
        return Response({'refresh': str(refresh), 'access': str(refresh.access_token)}, status=201)


class GetUserView(APIView):
    def get(self, request):
        return Response({'username': request.user.username})
