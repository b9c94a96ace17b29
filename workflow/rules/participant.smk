# One job per person: all stages of all trials in one process, which runs what has changed.


if VIRTUAL:

    rule virtual:
        input:
            library=str(GAIT_LIBRARY),
        output:
            touch(f"{DATA}/{{participant}}/.written"),
        log:
            f"{ROOT}/logs/virtual-{{participant}}.log",
        benchmark:
            f"{ROOT}/logs/virtual-{{participant}}.tsv"
        threads: 1
        resources:
            mem_mb=memory(2000),
            runtime=minutes(10),
        params:
            folder=str(STUDY_FILE.parent),
        message:
            "Record virtual sprinter {wildcards.participant}"
        shell:
            "exec aqbio virtual {params.folder:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


rule participants:
    input:
        recordings,
    output:
        f"{ROOT}/participants/{{participant}}/stages.json",
    log:
        f"{ROOT}/logs/participants-{{participant}}.log",
    benchmark:
        f"{ROOT}/logs/participants-{{participant}}.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000, each=20),
        runtime=minutes(60, each=6),
    params:
        study=str(STUDY_FILE),
    message:
        "All stages of {wildcards.participant}"
    shell:
        "exec aqbio participants {params.study:q} --participant {wildcards.participant:q} > {log:q} 2>&1"
