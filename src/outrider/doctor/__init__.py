"""The doctor: looks at a task or a host from inside and says, line by line, what works and what to change.

``subject``   what is looked at: settings, paths, environment
``verdict``   what a check comes to
``check``     what a check is: it looks, then it judges
``router``    the router's configuration, read as a dry run reads it
``trust``     whom the agent trusts
``examine``   all checks at once, each within its time
``checks``    one check, one class, one module
"""
