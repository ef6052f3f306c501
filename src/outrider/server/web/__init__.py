"""Pages for people: rendered here, whole without JavaScript, a little livelier with it.

``app``        the portal's application: pages, API, static files, security headers
``pages``      one method a page
``show``       how values look: times, numbers, states
``templates/`` ``static/``   the HTML (escaped by default), one style sheet, one small module
"""
