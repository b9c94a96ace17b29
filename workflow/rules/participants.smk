# From recordings to what every step says: stages of one participant, all trials in one process.
# A later stage goes before an earlier one, so that a person's page is there before the next begins.

if OWN.is_virtual:

    rule virtual:
        """Record a virtual sprinter: markers and force plates of runs whose truth is known."""
        output:
            recordings=directory(f"{jobs.rule_path(OWN.data)}/{{participant}}"),
        log:
            f"{LOGS}/virtual/{{participant}}.log",
        benchmark:
            f"{LOGS}/virtual/{{participant}}.tsv"
        conda:
            "../envs/aqbio.yaml"
        resources:
            mem_mb=for_trials(2000, 0),
            runtime=for_trials(10, 0),
        params:
            folder=study_folder,
            library=gait_library,
        message:
            "Record virtual sprinter {wildcards.participant}"
        shell:
            "aqbio virtual {params.folder:q} --participant {wildcards.participant:q} --log {log:q}"


rule prepare:
    """Read the recordings: laboratory axes, units, gaps, forces under each foot, contacts with the ground."""
    input:
        recordings=ancient(made_recordings),
    output:
        record=f"{PERSON_ON_MODEL}/prepare.json",
        prepared=directory(f"{PERSON_ON_MODEL}/prepared"),
    log:
        f"{LOGS}/prepare/{{model}}{{participant}}.log",
    benchmark:
        f"{LOGS}/prepare/{{model}}{{participant}}.tsv"
    priority: 1
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(20, 3),
    params:
        study=study_file,
        model=model_option,
        settings=settings("files", "laboratory", "prepare", "model"),
        rows=sheet_rows,
        recordings=content("recordings"),
        library=gait_library,
        generic_model=content("model"),
        model_map=content("map"),
        marker_set=content("markers"),
    message:
        "{wildcards.participant}: read recordings {wildcards.model}"
    shell:
        "aqbio prepare {params.study:q} --participant {wildcards.participant:q} {params.model} --log {log:q}"


rule scale:
    """Scale the generic model to the participant, calibrate it on the markers and audit its inertia."""
    input:
        prepare=of_sessions("prepare"),
    output:
        record=f"{PERSON_ON_MODEL}/scale.json",
        scaled=directory(f"{PERSON_ON_MODEL}/model"),
    log:
        f"{LOGS}/scale/{{model}}{{participant}}.log",
    benchmark:
        f"{LOGS}/scale/{{model}}{{participant}}.tsv"
    priority: 2
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(20, 3),
    params:
        study=study_file,
        model=model_option,
        settings=settings("model"),
        generic_model=content("model"),
        model_map=content("map"),
        marker_set=content("markers"),
    message:
        "{wildcards.participant}: scale the model {wildcards.model}"
    shell:
        "aqbio scale {params.study:q} --participant {wildcards.participant:q} {params.model} --log {log:q}"


rule inverse_kinematics:
    """Find the joint angles that follow the markers, and the joint moments that they and the plates give."""
    input:
        scale=f"{PERSON_ON_MODEL}/scale.json",
    output:
        record=f"{PERSON_ON_MODEL}/inverse_kinematics.json",
        solved=directory(f"{PERSON_ON_MODEL}/solved"),
    log:
        f"{LOGS}/inverse_kinematics/{{model}}{{participant}}.log",
    benchmark:
        f"{LOGS}/inverse_kinematics/{{model}}{{participant}}.tsv"
    priority: 3
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(20, 3),
    params:
        study=study_file,
        model=model_option,
        settings=settings("model", "solve", "prepare"),
    message:
        "{wildcards.participant}: inverse kinematics {wildcards.model}"
    shell:
        "aqbio inverse_kinematics {params.study:q} --participant {wildcards.participant:q} {params.model} --log {log:q}"


rule inverse_dynamics:
    """Fit motion, forces and body to Newton's and Euler's equations at once: joint moments and residuals."""
    input:
        inverse_kinematics=f"{PERSON_ON_MODEL}/inverse_kinematics.json",
    output:
        record=f"{PERSON_ON_MODEL}/inverse_dynamics.json",
        consistent=directory(f"{PERSON_ON_MODEL}/consistent"),
    log:
        f"{LOGS}/inverse_dynamics/{{model}}{{participant}}.log",
    benchmark:
        f"{LOGS}/inverse_dynamics/{{model}}{{participant}}.tsv"
    priority: 4
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(30, 6),
    params:
        study=study_file,
        model=model_option,
        settings=settings("model", "consistency", "random"),
    message:
        "{wildcards.participant}: inverse dynamics, consistent with motion and forces {wildcards.model}"
    shell:
        "aqbio inverse_dynamics {params.study:q} --participant {wildcards.participant:q} {params.model} --log {log:q}"


rule contributions:
    """Divide angular momentum, its rate and joint moments by anatomical side, and by step and role."""
    input:
        inverse_dynamics=f"{PERSON_ON_MODEL}/inverse_dynamics.json",
        other_models=on_the_other_models("contributions"),
    output:
        record=f"{PERSON_ON_MODEL}/contributions.json",
        contributions=directory(f"{PERSON_ON_MODEL}/contributions"),
        steps=directory(f"{PERSON_ON_MODEL}/steps"),
    log:
        f"{LOGS}/contributions/{{model}}{{participant}}.log",
    benchmark:
        f"{LOGS}/contributions/{{model}}{{participant}}.tsv"
    priority: 5
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(20, 3),
    params:
        study=study_file,
        model=model_option,
        settings=settings(
            "model",
            "other_models",
            "consistency",
            "contributions",
            "roles",
            "steps",
            "solve",
            "quality",
            "random",
        ),
        registry=content("registry"),
    message:
        "{wildcards.participant}: contributions to angular momentum {wildcards.model}"
    shell:
        "aqbio contributions {params.study:q} --participant {wildcards.participant:q} {params.model} --log {log:q}"


rule multiverse:
    """Repeat every step under every specification of the multiverse, and note what it says of the hypotheses."""
    input:
        contributions=f"{PERSON}/contributions.json",
        other_models=on_the_other_models("contributions"),
    output:
        record=f"{PERSON}/multiverse.json",
        multiverse=directory(f"{PERSON}/multiverse"),
    log:
        f"{LOGS}/multiverse/{{participant}}.log",
    benchmark:
        f"{LOGS}/multiverse/{{participant}}.tsv"
    priority: 6
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(20, 3),
    params:
        study=study_file,
        settings=settings(
            "model", "other_models", "prepare", "consistency", "multiverse"
        ),
    message:
        "{wildcards.participant}: multiverse of specifications"
    shell:
        "aqbio multiverse {params.study:q} --participant {wildcards.participant:q} --log {log:q}"


rule pages:
    """Write the participant's page, and one of every trial on which the run can be seen again."""
    input:
        multiverse=of_sessions("multiverse"),
    output:
        record=f"{PERSON}/pages.json",
        pages=directory(f"{PERSON}/pages"),
    log:
        f"{LOGS}/pages/{{participant}}.log",
    benchmark:
        f"{LOGS}/pages/{{participant}}.tsv"
    priority: 7
    conda:
        "../envs/aqbio.yaml"
    resources:
        mem_mb=for_trials(2000, 20),
        runtime=for_trials(20, 3),
    params:
        study=study_file,
        settings=settings("model", "roles", "hypotheses", "random"),
        bones=content("bones"),
        reference=content("reference"),
        strength=content("strength"),
    message:
        "{wildcards.participant}: pages of the participant and the trials"
    shell:
        "aqbio pages {params.study:q} --participant {wildcards.participant:q} --log {log:q}"
