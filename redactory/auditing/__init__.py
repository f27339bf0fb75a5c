"""What an auditor's pages show: facts out of verified logs and datasets, without any server.

:mod:`~redactory.auditing.desk` holds the datasets that are watched,
:mod:`~redactory.auditing.watch` verifies one of them,
:mod:`~redactory.auditing.facts` says what its statements amount to.

No private key is needed or looked for. Nothing that is handed out holds a path.
"""

from redactory.auditing.desk import AuditDesk
from redactory.auditing.settings import AuditSettings, Watched
from redactory.auditing.watch import Look, Watch

__all__ = ["AuditDesk", "AuditSettings", "Look", "Watch", "Watched"]
