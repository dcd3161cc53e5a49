"""The public pages."""

from django.urls import path

from signups import hooks, views

app_name = "signups"
urlpatterns = [
    path("", views.home, name="home"),
    path("signup/", views.signup, name="signup"),
    path("consent/", views.analytics_consent, name="consent"),
    path("signup/check-mail/<str:token>/", views.check_mail, name="check_mail"),
    path("signup/resend/<str:token>/", views.resend, name="resend"),
    path("signup/in-review/<str:token>/", views.in_review, name="in_review"),
    path("signup/sorry/<str:token>/", views.sorry, name="sorry"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("welcome/<str:token>/", views.welcome, name="welcome"),
    path("question/developer/<str:token>/", views.developer_question, name="developer_question"),
    path("question/developer/<str:token>/<str:answer>/", views.answer_developer, name="answer_developer"),
    path("hooks/customerio", hooks.customerio, name="hook_customerio"),
    path("hooks/<slug:slug>", hooks.provider, name="hook_provider"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
