module my-agent

go 1.27
