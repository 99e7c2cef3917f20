"""How gunicorn serves the portal; it reads this file by itself.

Threads, because a browser opens connections ahead of need and says nothing on them: a plain (sync) worker waits for
the first byte, and two such connections kept two workers from answering webhooks for half a minute.
"""

worker_class = "gthread"
threads = 8
keepalive = 75
# A file of gunicorn's own in the home folder, for a tool that nobody uses here.
control_socket_disable = True
# LOG_FORMAT holds for gunicorn's own lines, too.
logger_class = "connector_portal.logs.GunicornLogger"
