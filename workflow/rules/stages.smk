# One rule per stage, written from the table of stages (aqbio/stage_table.py).

if VIRTUAL:

    rule virtual:
        input:
            library=str(GAIT_LIBRARY),
        output:
            directory(f"{OWN.data}/{{participant}}"),
        log:
            f"{ROOT}/logs/virtual/{{participant}}.log",
        benchmark:
            f"{ROOT}/logs/virtual/{{participant}}.tsv"
        threads: 1
        resources:
            mem_mb=resource(2000, 0),
            runtime=resource(10, 0),
        params:
            folder=lambda wildcards, input: Path(input.library).parent,
        message:
            "Record virtual sprinter {wildcards.participant}"
        shell:
            "exec aqbio virtual {params.folder:q} --participant {wildcards.participant:q} > {log:q} 2>&1"


for stage in PARTICIPANT:

    rule:
        name:
            stage.name
        input:
            inputs(stage),
        output:
            record=f"{ROOT}/{{model}}participants/{{participant}}/{stage.name}.json",
            results=[
                directory(f"{ROOT}/{{model}}participants/{{participant}}/{folder}")
                for folder in stage.folders
            ],
        log:
            f"{ROOT}/logs/{stage.name}/{{model}}{{participant}}.log",
        benchmark:
            f"{ROOT}/logs/{stage.name}/{{model}}{{participant}}.tsv"
        threads: stage.threads
        resources:
            mem_mb=resource(*stage.memory_mb),
            runtime=resource(*stage.minutes),
        params:
            stage=stage.name,
            study=str(STUDY_FILE),
            model=on_model,
            settings=parameters(stage),
        message:
            f"{{wildcards.participant}}: {stage.does} {{wildcards.model}}"
        shell:
            "exec aqbio {params.stage} {params.study:q} --participant {wildcards.participant:q} "
            "{params.model} > {log:q} 2>&1"


for stage in STUDY:

    rule:
        name:
            stage.name
        input:
            inputs(stage),
        output:
            record=f"{ROOT}/{stage.name}.json",
            results=[shown(OWN.root / folder, folder=True) for folder in stage.folders],
            tables=[shown(table) for table in jobs.table_files(OWN, stage.name)],
        log:
            f"{ROOT}/logs/{stage.name}.log",
        benchmark:
            f"{ROOT}/logs/{stage.name}.tsv"
        threads: stage.threads
        resources:
            mem_mb=resource(*stage.memory_mb),
            runtime=resource(*stage.minutes),
        params:
            stage=stage.name,
            study=str(STUDY_FILE),
            cores=lambda wildcards, threads: f"--cores {threads}" if threads > 1 else "",
            settings=parameters(stage),
        message:
            stage.does
        shell:
            "exec aqbio {params.stage} {params.study:q} {params.cores} > {log:q} 2>&1"
