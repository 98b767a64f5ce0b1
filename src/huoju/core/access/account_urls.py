"""Accounts: of allauth signing in and out and one's own password (sign-up answers "closed"); Django's way back in."""

from allauth.account import views
from django.contrib.auth.views import PasswordResetCompleteView, PasswordResetDoneView
from django.urls import path

from .forgotten import ForgottenPage, NewPasswordPage

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("signup/", views.signup, name="account_signup"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/forgotten/", ForgottenPage.as_view(), name="account_forgotten"),
    path(
        "password/forgotten/sent/",
        PasswordResetDoneView.as_view(template_name="account/password_sent.html"),
        name="account_forgotten_sent",
    ),
    path("password/new/<uidb64>/<token>/", NewPasswordPage.as_view(), name="account_new_password"),
    path(
        "password/new/done/",
        PasswordResetCompleteView.as_view(template_name="account/password_done.html"),
        name="account_new_password_done",
    ),
]
