"""The addresses of this process: the portal's pages. Machine doors and the public shelf have processes of
their own.
"""

from django.urls import include, path

urlpatterns = [path("", include("sceau.portal.urls"))]

handler400 = "sceau.portal.refusals.bad_request"
handler403 = "sceau.portal.refusals.forbidden"
handler404 = "sceau.portal.refusals.not_found"
handler500 = "sceau.portal.refusals.broken"
