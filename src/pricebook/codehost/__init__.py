"""What hosts the repository, GitHub or GitLab: comments, issues, commit statuses and code scanning, for CI."""
